import type { Words } from '../en.ts';

const data = '管理サーバーのデータフォルダー';
const kind = '更新する対象: tls、signing、ca';
const update = '更新の ID (省略時は進行中の更新)';
const wish = {
  data,
  path: '経路: announced、failover、off-on (省略時は適切なものを選択)',
  certificate: '外部の証明書とそのチェーン (PEM)',
  key: 'その秘密鍵 (PEM)',
  pkcs12: '外部の証明書、チェーン、鍵 (PKCS#12)',
  passphraseFile: '鍵または PKCS#12 ファイルのパスワードを書いたファイル (- は標準入力)',
  passphraseEnv: 'そのパスワードを持つ環境変数',
  emergency: '鍵を紛失 (lost) または盗難 (stolen)。どのホストも待たない',
};

export const rotationNouns = { rotation: 'サーバーの証明書の更新' };

export const rotationVerbs = {
  'rotation plan': {
    summary: '証明書をどのように更新するか、通信できなくなるホスト、所要時間を表示',
    args: { kind },
    flags: wish,
    examples: { tls: 'TLS 証明書を変更する前に', outside: '外部の証明書を検査' },
  },
  'rotation start': {
    summary: 'エージェントを動かしたまま、サーバーの証明書を更新',
    args: { kind },
    flags: {
      ...wish,
      overlap: '切り替え後、少なくともこの期間は古い証明書を使えるようにしておく',
      wait: '終わるまで進行状況を表示',
    },
    examples: {
      tls: 'ドメインの CA から TLS 証明書を更新',
      outside: '外部の証明書を使用',
      stolen: '鍵が盗まれた場合: すぐに置き換える',
    },
  },
  'rotation status': {
    summary: '証明書の更新の進行状況と、待っている相手を表示',
    args: { update },
    flags: { data },
    examples: { plain: '進行中の更新' },
  },
  'rotation watch': {
    summary: '証明書の更新を終わるまで表示 (Ctrl-C は表示だけを終了)',
    args: { update },
    flags: { data },
    examples: { plain: '進行中の更新' },
  },
  'rotation pause': {
    summary: '証明書の更新を次の段階に進めない',
    args: { update },
    flags: { data },
    examples: { plain: '進行中の更新' },
  },
  'rotation resume': {
    summary: '証明書の更新を再開',
    args: { update },
    flags: { data },
    examples: { plain: '一時停止中の更新' },
  },
  'rotation rollback': {
    summary: '古い証明書に戻す (取り下げ前まで)',
    args: { update },
    flags: { data },
    examples: { plain: '進行中の更新' },
  },
  'rotation accept-loss': {
    summary: '証明書の更新でホストが通信できなくなることを承認',
    args: { host: 'ホスト (名前または ID)' },
    flags: { data, update },
    examples: { hosts: 'なくなった 2 台を切り離して続行' },
  },
  'rotation list': {
    summary: '証明書の更新を新しい順に一覧表示',
    args: {},
    flags: { data, limit: '最大行数', after: '次のページ: 前の一覧の最後に表示された値' },
    examples: { plain: '更新の履歴' },
  },
};

export const rotations = {
  kinds: { tls: 'TLS 証明書', signing: '署名証明書', ca: 'CA 証明書' },
  paths: {
    announced: '予告 (経路 1)',
    failover: 'フェールオーバー、サーバーを 1 台ずつ (経路 2)',
    'off-on': 'セキュア通信のオフとオン (経路 3)',
  },
  pathNames: { announced: '予告', failover: 'フェールオーバー', 'off-on': 'オフとオン' },
  reasons: {
    chosen: '管理者がこの経路を選択',
    emergency: '緊急時は最短の経路を使用',
    'all-announce': 'すべてのエージェントが予告された鍵に対応',
    'several-servers-fail-over': '複数のサーバーがあり、これらのエージェントはフェールオーバーに対応',
    'old-agents': '予告された鍵に対応していないエージェントがある',
    'ca-has-no-other': 'CA の変更は予告、リンク、通信パッケージだけで行う',
  },
  phases: {
    prepared: '準備済み',
    announced: '予告済み',
    switching: 'サーバーを切り替え中',
    overlap: '新旧の両方が有効',
    rekeying: 'ホストの証明書を再発行中',
    withdrawing: '古い証明書を取り下げ中',
    done: '完了',
    'rolled-back': '元に戻した',
  },
  offOnPhases: {
    announced: 'セキュア通信はオフ、リストに TLS なしのエントリーあり',
    switching: 'サーバーを切り替え中、セキュア通信はオフ',
    overlap: '更新済み、セキュア通信はまだオフ',
    withdrawing: 'セキュア通信をオンに戻し、古い証明書を取り下げ中',
  },
  newFingerprint:
    'CA 指紋が変わりました。ホストをセットアップする人に新しい指紋を渡し、スクリプトも更新してください: sekisho server fingerprint',
  changedMeanwhile: '途中で誰かが変更したため、そのまま残したもの: {groups}',
  changedParts: {
    list: 'リスト',
    verification: '検証',
    deleted: '削除済み',
    'copied-list': 'コピーしたリストを元のリストに戻した',
  },
  waits: {
    paused: '一時停止中',
    hosts: 'ホストの確認応答',
    'silent-hosts': '応答のないホストのハートビート 3 回分',
    cycles: '最長のハートビート 3 回分',
    servers: 'サーバーの確認',
    overlap: '古い証明書の保持期間',
    question: 'ホストについての管理者の判断',
  },
  waitsShort: {
    paused: '一時停止中',
    hosts: '',
    'silent-hosts': '',
    cycles: 'ハートビート 3 回分',
    servers: 'サーバー',
    overlap: '古い証明書を保持中',
    question: '管理者の判断待ち',
  },
  leftAtMost: 'あと {left}',
  liveProgress: '{phase}: {acknowledged} / {total} 台',
  title: '{kind}の更新 ({id})',
  planTitle: '{kind}の更新計画 (何も変更していません)',
  startTitle: '{kind}の更新',
  path: '経路',
  because: '理由',
  phase: '段階',
  back: '{phase} (元に戻す途中)',
  waitsFor: '待機の理由',
  waitsUntil: '{why} (遅くとも {until} まで)',
  hosts: 'ホスト',
  hostCounts:
    '{total} 台中 {acknowledged} 台が確認済み、待機中 {waiting}、応答なし {silent}、後で復帰 {late}、要判断 {undecided}、切り離し {accepted}',
  planHosts: '{total} 台: オンライン {online}、応答なし {silent}、未接続 {neverSeen}',
  slowest: '待機中: {hosts}',
  undecided:
    '次のホストは通信できなくなります。復帰させるか、次を実行してください: sekisho rotation accept-loss {first} …',
  lost: '通信できなくなるホスト ({count} 台): {hosts}',
  late: '現在は応答がなく、後で自動的に復帰するホスト ({count} 台): {hosts}',
  givenUp: '切り離しが承認され、復帰していないホスト ({count} 台): {hosts}',
  cutOff: 'このサーバーを信頼せず、自動的には復帰しないホスト ({count} 台): {hosts}',
  packageHint:
    '通信パッケージで復帰できます: sekisho server-list package リスト --out ファイル を実行し、各ホストで sekisho agent repair ファイル を実行してください',
  unable: '予告された鍵に対応していないエージェント ({count} 台): {hosts}',
  nobodyLost: '通信できなくなるホストはありません。',
  notInheriting: '継承していないグループ (これらも対象になります): {groups}',
  servers: 'サーバー',
  serverConfirmed: '{server}: 新しい証明書を提示',
  serverOrdered: '{server}: 切り替えを指示済み',
  serverWaiting: '{server}: 古い証明書を提示',
  serverGone: '{server}: 停止中',
  heartbeat: '最長のハートビート',
  expected: '予想所要時間',
  currentEnds: '現在の証明書の期限',
  problem: '問題: {words}',
  hint: 'ヒント: {hint}',
  prevented: 'このままでは開始できません。',
  question: '開始しますか?',
  emergencies: {
    lost: '緊急更新 (鍵の紛失): どのホストも待たない',
    stolen: '緊急更新 (鍵の盗難): どのホストも待たない',
  },
  emergencyPriceOfCa: {
    lost: '緊急更新: 元に戻すことはできず、どのホストも自動的には移行できません。すべてのホスト ({total} 台) に通信パッケージが必要です。',
    stolen:
      '緊急更新: 元に戻すことはできません。応答のあるホストは、ハートビート 3 回以内に移行します。現在応答のないホスト ({silent} 台) には通信パッケージが必要です。',
  },
  emergencyPrice:
    '緊急更新: どのホストも待たず、元に戻すこともできません。現在応答のないホスト ({silent} 台) は、復帰するまで古い鍵を信頼し続けます。',
  takesOver: {
    kept: '{by} が開始した更新 ({kind}、{id}) を、そのまま緊急更新に切り替えます。用意済みの新しい鍵を使用します。',
    abandoned:
      '{by} が開始した更新 ({kind}、{id}) を中止します。その新しい鍵は、使われないまま破棄されます。終わってから、改めて開始してください。',
    finished:
      '{by} が開始した更新 ({kind}、{id}) を直ちに終了します。古い鍵を取り下げ、まだ切り替わっていないホスト ({behind} 台) は待ちません。',
    'turned-back':
      '{by} が開始した更新 ({kind}、{id}) は元に戻す途中であり、直ちに元に戻し終えます。まだ戻っていないホスト ({behind} 台) は待ちません。',
  },
  started: '更新 {id} を開始しました。進行状況: sekisho rotation watch',
  serverAway: 'サーバーが応答しません。応答を待っています…',
  rollbackQuestion: '古い証明書に戻しますか?',
  lossPreview: '切り離すホスト:',
  lossQuestion: 'これらのホストを切り離しますか? 再セットアップまたは通信パッケージが必要になります。',
  steps: '実施内容',
  none: '証明書の更新はまだ行われていません。',
  by: '実施者',
  startedAt: '開始',
  endedAt: '終了',
  kind: '対象',
  progress: '{phase}: {total} 台中 {acknowledged} 台',
} satisfies Words['rotations'];
