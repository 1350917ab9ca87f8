import { groupVerbs } from './groups.ts';
import { rotationVerbs } from './rotation.ts';
import { verificationVerbs } from './verification.ts';
import { nameVerbs } from './names.ts';
import { applicationVerbs } from './applications.ts';
import { packageVerbs } from './packages.ts';
import { repairVerbs, serverListVerbs } from './server-lists.ts';
import { certificateVerbs, clusterVerbs } from './certificates.ts';
import { revocationVerbs } from './revocation.ts';
import type { Words } from '../en.ts';
import { taskVerbs } from './tasks.ts';
import { legacyVerbs } from './legacy.ts';
import { accessVerbs } from './access.ts';
import { accountVerbs } from './accounts.ts';
import { auditVerbs } from './audit.ts';
import { operateVerbs } from './operate.ts';
import { simulateVerbs } from './simulate.ts';

/** コマンドのヘルプ (日本語)。 */
const data = '管理サーバーのデータフォルダー';
const agentData = 'エージェントのデータフォルダー';
const detach = '開始だけして、終了を待たない';
const limit = '表示する最大行数';
const host = 'ホストの名前または ID';
const plan = 'プランの名前または ID';
const job = 'ジョブ ID (先頭の数桁でも可)';
const point = '復旧ポイントの ID (先頭の数桁でも可)、または latest';
const hostOnly = 'このホストのものだけ (名前または ID)';
const planOnly = 'このプランのものだけ (名前または ID)';
const keep = {
  keepLast: '最新の復旧ポイントを保持する数',
  keepHourly: '1 時間ごとに 1 つずつ保持する数',
  keepDaily: '1 日ごとに 1 つずつ保持する数',
  keepWeekly: '1 週ごとに 1 つずつ保持する数',
  keepMonthly: '1 か月ごとに 1 つずつ保持する数',
  keepYearly: '1 年ごとに 1 つずつ保持する数',
};

export const verbs: Words['verbs'] = {
  'server init': {
    summary: 'ドメイン (CA、鍵、データベース) を作成する',
    args: {},
    flags: {
      data,
      name: 'ドメインの名前 (画面に表示される名前)',
      database: 'sqlite:FILE または postgres://…。省略時はデータフォルダー内の SQLite ファイル',
      address: 'ホストがこのサーバーに接続するときの DNS 名または IP アドレス (複数可)',
      cluster: 'インストール先クラスターの仮想名。ホストはこの名前でサーバーに接続する',
      node: 'ノード自身の名前。このマシンを最初に指定 (複数可)。--cluster と併用',
      agentData: '証明書を配置する、このマシンのエージェントのデータフォルダー。--cluster と併用',
    },
    examples: {
      first: 'ドメインを作成し、表示された CA 指紋を控える',
      reachable: 'ホストから見える名前を指定する',
      cluster: 'クラスターのアクティブノードで実行する (エージェントも設定される)',
    },
  },
  'server join': {
    summary: 'PostgreSQL 上のドメインにサーバープロセスを、またはクラスターにノードを追加する',
    args: {},
    flags: {
      data,
      database: 'ドメインの postgres://…',
      kekFile: 'ドメインの鍵暗号化鍵のコピー',
      address: 'このサーバーの DNS 名または IP アドレス (複数可)。省略時はクラスターの仮想名',
    },
    examples: {
      node: 'クラスターの次のノードを仮想名で追加する',
      own: '独自の名前を持つサーバーを追加する',
    },
  },
  'server run': {
    summary: '管理サーバーを、停止されるまで動かす',
    args: {},
    flags: {
      data,
      listen: '待ち受けるアドレス。省略時はすべて',
      agentPort: 'エージェント用のポート (相互 TLS)',
      adminPort: '管理用のポート',
      httpPort: 'CA 証明書と証明書失効リスト (CRL) 用のポート (HTTP)',
      set: '任意の設定をキーで指定。ファイルと環境変数より優先 (繰り返し可)',
    },
    examples: {
      plain: 'フォアグラウンドで動かす',
      local: 'このマシンからだけ接続できるようにする',
      set: '今回だけの設定を指定する',
    },
  },
  'server status': {
    summary: 'ドメイン、アドレス、ホストの状態を表示する',
    args: {},
    flags: { data, wait: '起動中のサーバーが応答するまで待つ最長時間 (例: 60s)' },
    examples: {
      plain: 'サーバーは動いているか、ホスト全体はどうか',
      wait: '起動した直後: 応答したらすぐ次へ進む',
    },
  },
  'server fingerprint': {
    summary: 'セットアップのときに照合する CA 指紋を表示する',
    args: {},
    flags: { data, out: '渡すためのファイルにも保存する' },
    examples: { plain: '表示する', bare: '64 桁だけを表示する', file: 'ファイルに保存する' },
  },
  'server root': {
    summary: 'ルート CA の鍵がどこにあるかを表示する',
    args: {},
    flags: { data },
    examples: { plain: 'このサーバーにあるか、切り離されているか' },
  },
  'server detach-root': {
    summary: 'ルート CA の鍵をこのサーバーから切り離し、パスフレーズで暗号化したファイルに移す',
    args: {},
    flags: {
      data,
      out: '暗号化した鍵を保存する新しいファイル',
      passphraseFile: '最初の行にパスフレーズを書いたファイル。- は標準入力',
      passphraseEnv: 'パスフレーズを入れた環境変数の名前',
    },
    examples: {
      stick: 'パスフレーズを入力し、鍵を USB メモリーに移す',
      script: 'スクリプトから同じことを行う',
    },
  },
  'server attach-root': {
    summary: '必要な操作のために、ルート CA の鍵を戻す',
    args: {},
    flags: {
      data,
      in: '`server detach-root` が保存したファイル',
      passphraseFile: '最初の行にパスフレーズを書いたファイル。- は標準入力',
      passphraseEnv: 'パスフレーズを入れた環境変数の名前',
    },
    examples: { stick: 'USB メモリーから戻す' },
  },
  'agent setup': {
    summary: 'このマシンをドメインのホストにする (CA を確認し、証明書を配備する)',
    args: {},
    flags: {
      data: agentData,
      server: '管理サーバーのアドレス。エージェント用ポートが 13000 でないときはポートも',
      caFingerprint: '管理者から受け取った CA 指紋 (16 進数 64 桁)',
      caFingerprintFile: 'CA 指紋を書いたファイル',
      caFingerprintUrl: 'CA 指紋を返す https アドレス (管理サーバー自身は不可)',
      tokenFile: '認証トークンを書いたファイル。- は標準入力',
      tokenEnv: '認証トークンを入れた環境変数の名前',
      media: 'メディアサーバーの役割も要求する',
      name: 'ホストのプライマリ名。省略時はこのマシンの名前',
      alias: 'このホストの別の名前またはアドレス (複数可)',
      reissue: '以前に証明書を持っていたホストとして、再発行トークンで新しい証明書を取得する',
      relay: 'サーバーに直接接続できないときにトンネルを開くメディアサーバー (DMZ のホスト用)',
      skipCertificate: '証明書なしで完了する (証明書を配備するまでは何も動かない)',
    },
    examples: {
      ask: '質問に答えながらセットアップする',
      script: 'スクリプトからセットアップする',
      later: 'インストールだけ済ませ、証明書は後で配備する',
    },
  },
  'agent run': {
    summary: 'エージェントを、停止されるまで動かす',
    args: {},
    flags: {
      data: agentData,
      mediaListen: 'メディアサーバーとして待ち受けるアドレスとポート',
      set: '任意の設定をキーで指定。ファイルと環境変数より優先 (繰り返し可)',
    },
    examples: { plain: 'フォアグラウンドで動かす', set: '今回だけの設定を指定する' },
  },
  'agent status': {
    summary: 'このホストが通信できるか、できなければ何をすべきかを表示する',
    args: {},
    flags: { data: agentData },
    examples: { plain: 'このホストの状態を見る' },
  },
  'agent renew': {
    summary: 'このホストの証明書を今すぐ更新する',
    args: {},
    flags: { data: agentData },
    examples: { plain: '新しい鍵で更新する (接続は切れない)' },
  },
  'agent set': {
    summary: 'このマシンだけが決められることを設定する',
    args: {},
    flags: {
      data: agentData,
      allowCommands: 'バックアップ前後のプランのコマンドを、ここで実行してよいか。on または off',
    },
    examples: { commands: 'プランのコマンドの実行に同意する' },
  },
  'host list': {
    summary: 'ドメインのホストを一覧表示する',
    args: {},
    flags: {
      data,
      limit,
      after: 'この名前の次から表示する (前のページの最後)',
      group: 'このグループのホストだけ。下のグループのホストは含まない (パス、名前または ID)',
    },
    examples: {
      plain: '一覧表示する',
      group: '1 つのグループのホスト',
      json: 'スクリプト用に JSON で表示する',
    },
  },
  'host show': {
    summary: 'ホストを 1 台表示する',
    args: { host },
    flags: { data },
    examples: { plain: '証明書、名前、状態を見る' },
  },
  'host register': {
    summary: '名前を登録する (レベル [高] で、トークンなしで 1 回だけ証明書を配備できる)',
    args: { name: 'これから加わるホストのプライマリ名' },
    flags: { data },
    examples: { plain: '名前を 1 つ登録する' },
  },
  'host unregister': {
    summary: '名前の登録を取り消す',
    args: { name: '登録した名前' },
    flags: { data },
    examples: { plain: '取り消す' },
  },
  'host import': {
    summary: 'CSV ファイルから多数の名前を登録する',
    args: { file: '1 行目が "name" の CSV ファイル。- は標準入力' },
    flags: { data },
    examples: { plain: '全行を先に検査し、1 行でも誤りがあれば何も登録しない' },
  },
  'host known': {
    summary: '登録した名前を一覧表示する',
    args: {},
    flags: { data, limit, after: 'この名前の次から表示する (前のページの最後)' },
    examples: { plain: 'どの名前が配備でき、どれが配備済みかを見る' },
  },
  'host media': {
    summary: 'ホストのメディアサーバーの役割をオンまたはオフにする',
    args: { host, state: 'on または off' },
    flags: {
      data,
      endpoint: 'クライアントから見えるアドレスとポート (複数可)。省略時はホストの名前と 13002',
      quotaGib: 'クライアント 1 台あたりの上限 (GiB)',
      legacyPort: 'レガシーホスト用の待ち受けポート (設定がオンで、レガシーホストがある間だけ待ち受ける)',
    },
    examples: { on: 'バックアップを保存できるようにする', quota: '上限とアドレスを指定する' },
  },
  'host allow-reissue': {
    summary: '48 時間、トークンなしで新しい証明書を取得できるようにする',
    args: { host },
    flags: { data, off: '取り消す' },
    examples: { plain: 'マシンを再インストールする前に', off: '取り消す' },
  },
  'token create': {
    summary: '認証トークンを作成する (表示は 1 回だけ)',
    args: {},
    flags: {
      data,
      name: 'トークンの用途 (一覧に表示される名前)',
      uses: '使用できるホストの数',
      valid: '有効期間 (90s, 15m, 24h, 7d)',
      host: 'このホスト名だけが使用できる',
      media: 'メディアサーバーになることを許す',
      reissue: 'このプライマリ名のホスト用の再発行トークンにする',
    },
    examples: {
      one: '1 台用、1 日間',
      many: '50 台用、1 週間',
      reissue: '証明書を失ったホスト用',
    },
  },
  'token list': {
    summary: '認証トークンを一覧表示する (秘密の値は表示しない)',
    args: {},
    flags: { data, limit, after: 'この ID の次から表示する (前のページの最後)' },
    examples: { plain: '有効、使用済み、期限切れ、削除済みを見る' },
  },
  'token delete': {
    summary: '認証トークンを削除し、使用できなくする',
    args: { token: 'トークンの ID' },
    flags: { data },
    examples: { plain: '削除する' },
  },
  'cert list': {
    summary: 'ホストの証明書を一覧表示する',
    args: {},
    flags: {
      data,
      host: hostOnly,
      cluster: 'このクラスターの各ノードが証明書を持つか',
      limit,
      after: 'この証明書の次から表示する (前のページの最後)',
    },
    examples: { plain: 'すべて', host: '1 台のホストのもの', cluster: '各ノードに証明書があるか' },
  },
  'cert revoke': {
    summary: 'ホストの証明書を取り消す (その瞬間から拒否される)',
    args: { host: 'ホストの ID または名前' },
    flags: { data, reason: '理由 (RFC 5280)', wait: 'ほかのすべてのホストが拒否するまで待つ' },
    examples: {
      stolen: 'マシンが盗まれたとき',
      script: 'スクリプトから取り消す',
      wait: '広がる様子を確認する (Ctrl-C で待つのをやめる)',
    },
  },
  'security show': {
    summary: 'グローバルセキュリティ設定を表示する',
    args: {},
    flags: { data },
    examples: { plain: 'いつトークンが必要か、証明書の有効期間はどれだけか' },
  },
  'security set': {
    summary: 'グローバルセキュリティ設定を変更する',
    args: {},
    flags: {
      data,
      level: '証明書配備のセキュリティレベル',
      requireForwardRecords:
        '[中] で、DNS の正引きがホストのアドレスを示さないときはトークンを求める (on または off)',
      mapAutomatically: '未使用の名前で見つかったホストに、その名前を自動的にマップする (on または off)',
      insecureCommunication: '証明書のないレガシーホストに平文プロトコルでの通信を許可する (on または off)',
      certificateHours: 'ホスト証明書の有効期間 (時間、24 から 19800)',
      staleCrl:
        '期限が過ぎた証明書失効リストの扱い: 相手を拒否する (closed)、続ける (open)、セキュリティレベルに従う (level)',
    },
    examples: { strict: '常にトークンを求める', days: '証明書を 90 日間有効にする' },
  },
  'plan create': {
    summary: 'プランを作成し、ホストに展開する',
    args: {},
    flags: {
      data,
      name: 'プランの名前',
      host: '保護するホスト (名前または ID、複数可)。これか --group か --application が必要',
      group: '保護するグループ。プランを継承する下のグループも含む (パス、名前または ID、複数可)',
      application: '代わりに、どのホストにあってもアプリケーションを保護する',
      virtualName: '--application と指定: sekisho application create でマップした仮想名',
      path: 'バックアップする絶対パス (複数可)',
      exclude: '除外するパターン (restic の書式、複数可)',
      schedule: "名前と cron の項目: 'nightly=0 2 * * *' (複数可)",
      timeZone: 'スケジュールのタイムゾーン。省略時はこのマシンのもの',
      startWithin: 'この期間内に開始できなかった実行は行わない',
      ...keep,
      media: 'メディアサーバー、続けて予備 (名前または ID)。1 台だけなら省略可',
      bandwidthKib: '1 秒あたりの上限 (KiB)',
      pre: '前にホストで実行するコマンド (ホスト側の同意が必要)',
      post: '後にホストで実行するコマンド (ホスト側の同意が必要)',
    },
    examples: {
      nightly: '毎晩 2 時。14 日分と 12 か月分を保持する',
      group: 'グループのすべてのホスト。後から加わるホストも含む',
      manual: '手動で実行する',
      application: 'データベースクラスター。アクティブなノードが実行する',
    },
  },
  'plan list': {
    summary: 'プランを一覧表示する',
    args: {},
    flags: { data },
    examples: { plain: 'どのプランがあり、どのホストに届いているか' },
  },
  'plan show': {
    summary: 'プランを 1 つ表示する',
    args: { plan },
    flags: { data },
    examples: { plain: '何を、いつ、どこへ、いつまで' },
  },
  'plan edit': {
    summary: 'プランを変更して展開する (指定しない項目は変わらない)',
    args: { plan },
    flags: {
      data,
      name: '新しい名前',
      host: '保護するホストを置き換える (名前または ID、複数可)',
      group: '保護するグループを置き換える (パス、名前または ID、複数可)',
      application: '代わりに、どのホストにあってもアプリケーションを保護する',
      virtualName: '--application と指定: sekisho application create でマップした仮想名',
      withoutApplication: '再びホストを保護する。--host と指定',
      path: 'バックアップする絶対パスを置き換える (複数可)',
      exclude: '除外するパターンを置き換える (複数可)',
      schedule: "スケジュールを置き換える: 'nightly=0 2 * * *' (複数可)",
      noSchedules: 'スケジュールをなくす',
      timeZone: '同時に指定したスケジュールのタイムゾーン',
      startWithin: 'この期間内に開始できなかった実行は行わない',
      ...keep,
      media: 'メディアサーバーを置き換える。続けて予備 (名前または ID)',
      bandwidthKib: '1 秒あたりの上限 (KiB)。0 で制限をなくす',
      pre: "前にホストで実行するコマンド。'' でなくす",
      post: "後にホストで実行するコマンド。'' でなくす",
    },
    examples: { paths: '別のフォルダーをバックアップする', noSchedules: '以後は手動で実行する' },
  },
  'plan delete': {
    summary: 'プランを削除する (復旧ポイントは残る)',
    args: { plan },
    flags: { data },
    examples: { plain: '削除する' },
  },
  'backup run': {
    summary: 'プランを今すぐ実行し、経過を見る',
    args: { plan },
    flags: {
      data,
      host: 'このホストだけで実行する (名前または ID、複数可)',
      asSchedule: 'プランのこのスケジュールの実行として数える (省略時は「カスタム」)',
      detach,
    },
    examples: { plain: 'プランの全ホストで', one: '1 台だけで、夜間の実行と同じように保持する' },
  },
  'job list': {
    summary: '最近のジョブを一覧表示する',
    args: {},
    flags: {
      data,
      state: 'この状態のものだけ',
      kind: 'この種類のものだけ',
      host: hostOnly,
      plan: planOnly,
      limit,
      after: '次のページ (前のページの最後に表示された値)',
    },
    examples: { plain: '最近何があったか', failed: '失敗したもの' },
  },
  'job show': {
    summary: 'ジョブを 1 つ、ログとともに表示する',
    args: { job },
    flags: { data },
    examples: { plain: 'なぜ失敗したかを調べる' },
  },
  'job watch': {
    summary: 'ジョブを終わるまで監視する',
    args: { job },
    flags: { data },
    examples: { plain: '経過を見る' },
  },
  'job cancel': {
    summary: 'ジョブをキャンセルする',
    args: { job },
    flags: { data },
    examples: { plain: 'キャンセルする' },
  },
  'job retry': {
    summary: 'うまくいかなかったジョブをもう一度実行する',
    args: { job },
    flags: { data, detach },
    examples: { plain: 'もう一度実行し、経過を見る' },
  },
  'point list': {
    summary: '復旧ポイントを新しい順に一覧表示する',
    args: {},
    flags: {
      data,
      host: hostOnly,
      plan: planOnly,
      limit,
      after: '次のページ (前のページの最後に表示された値)',
    },
    examples: { plain: 'すべて', host: '1 台のホストのもの' },
  },
  'point show': {
    summary: '復旧ポイントを 1 つ表示する',
    args: { point },
    flags: { data },
    examples: { plain: '何がいつのものとして入っているか' },
  },
  'point browse': {
    summary: '復旧ポイントの中のフォルダーを 1 つ一覧表示する',
    args: { point, path: 'フォルダー。省略時は /' },
    flags: { data, limit },
    examples: { plain: '中を見る' },
  },
  'point delete': {
    summary: 'プレビューを確認してから、復旧ポイントを削除対象にする',
    args: { points: '復旧ポイントの ID (先頭の数桁でも可)' },
    flags: { data, preview: '何が起こるかを表示するだけで、何も変更しない' },
    examples: { preview: '見るだけ', plain: '削除する' },
  },
  'point maintain': {
    summary: 'プレビューを確認してから、保持期間切れや削除対象のものを今すぐ消す',
    args: { host: 'ホストの名前または ID、またはリポジトリ名' },
    flags: { data, preview: '何が起こるかを表示するだけで、何も変更しない', detach },
    examples: { preview: '見るだけ', plain: '容量を空ける' },
  },
  'restore run': {
    summary: '復旧ポイントからファイルをリストアし、経過を見る',
    args: { point },
    flags: {
      data,
      host: 'latest のとき: このホストのもの (名前または ID)',
      onHost: 'このホストでリストアする。同じアプリケーションの別のホスト (名前または ID)',
      path: 'リストアする絶対パス (複数可)。省略時はすべて',
      to: 'リストア先となる、ホスト上の絶対パスのフォルダー。これか --original が必要',
      original: '元の場所にリストアする',
      conflict: 'すでにあるファイルの扱い',
      detach,
    },
    examples: {
      elsewhere: 'すべてを別の場所へ',
      file: 'ファイル 1 つを元の場所へ',
      otherNode: 'クラスターの一方のノードのバックアップを、もう一方で',
    },
  },
  ...auditVerbs,
  demo: {
    summary: '実際のフォルダーですべてを見せる (ドメイン、ホスト、バックアップ、リストア、証明)',
    args: { path: 'バックアップするファイルまたはフォルダー。省略時はこのリポジトリのファイル' },
    flags: {
      folder: 'デモのデータを置く場所 (毎回作り直す)',
      once: '証明したら終了する (証明できれば終了コード 0)',
    },
    examples: {
      plain: '実行し、そのまま動かしておく',
      own: '自分のフォルダーで',
      once: 'スクリプトでの確認用',
    },
  },
  completion: {
    summary: 'シェルの補完スクリプトを表示する',
    args: { shell: 'bash、zsh、fish のいずれか' },
    flags: {},
    examples: { bash: 'bash (このセッションだけ)', zsh: 'zsh: fpath に置く', fish: 'fish' },
  },
  ...accountVerbs,
  ...accessVerbs,
  ...legacyVerbs,
  ...applicationVerbs,
  ...serverListVerbs,
  ...packageVerbs,
  ...repairVerbs,
  ...certificateVerbs,
  ...clusterVerbs,
  ...groupVerbs,
  ...verificationVerbs,
  ...rotationVerbs,
  ...revocationVerbs,
  ...nameVerbs,
  ...taskVerbs,
  ...operateVerbs,
  ...simulateVerbs,
};
