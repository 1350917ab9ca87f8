import type { Words } from '../en.ts';

/** What an agent says about itself, each with what to do about it. */
export const health: Words['health'] = {
  'certificate-expiring': '証明書の有効期限が近づいていますが、更新されていません',
  'certificate-expired': '証明書の有効期限が切れています: sekisho agent setup --reissue',
  'renewal-failing': '証明書を更新できません。原因を確認してください: sekisho agent renew',
  'crl-stale': '証明書失効リストの有効期限が切れています',
  'clock-skew': '管理サーバーと時刻がずれています。時計を合わせてください',
  'clock-set-back': '時計が過去に戻されました。時計を合わせてください',
  'document-refused': '正しく署名されていない文書を拒否しました',
  'document-damaged': '署名済み文書のファイルが破損しています。自動的に取得し直します',
  'repair-unfinished':
    '通信パッケージを受け付けましたが、ディスクに書き込めません。空き容量を確保すると、エージェントが自動的に続行します',
  'restic-missing': 'restic が見つからないか、起動できません',
  'media-failed': 'メディアサーバーを起動できません',
  'media-legacy-failed': 'メディアサーバーがレガシーホストの接続を待ち受けできません',
  'spool-full': '管理サーバーへの送信を待っている報告が多数あります',
  'channel-clone': '別のマシンがこのホストと同じ ID で動作しています',
  'verification-off': '管理サーバーを検証していません',
  'list-unreachable': 'リストのどのサーバーも応答しないため、以前のリストのサーバーに問い合わせています',
  orphaned: '管理サーバーの証明書を拒否しています',
};
