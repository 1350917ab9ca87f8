import type * as en from '../en/server-lists.ts';

/** 管理サーバーリストのコマンドと通信パッケージの語。 */
const data = '管理サーバーのデータフォルダー';
const list = 'リストの名前';
const server = 'サーバー (アドレスまたはアドレス:ポート)';
const entry = 'サーバー: アドレス[:ポート][=優先順位]。HTTP のエントリーは先頭に http:// を付ける';
const group = 'グループの名前、パス、または ID';
const dryRun = '何が変わるかを表示するだけで、変更しない';
const acceptUnreachable = 'リストのどのサーバーにも管理サーバーから接続できなくても続行する';

export const serverListNouns: typeof en.serverListNouns = {
  'server-list': '管理サーバーリスト: エージェントの接続先',
};

export const serverListVerbs: typeof en.serverListVerbs = {
  'server-list list': {
    summary: '管理サーバーリストの一覧を表示',
    args: {},
    flags: { data },
    examples: { plain: 'どのリストがあり、どこで使われているか' },
  },
  'server-list show': {
    summary: 'リストのサーバーを優先順位の順に表示',
    args: { list },
    flags: { data },
    examples: { plain: 'サーバー自身が管理するリスト' },
  },
  'server-list create': {
    summary: 'サーバーを指定してリストを作成',
    args: { list },
    flags: { data, server: entry, dryRun, acceptUnreachable },
    examples: { two: '1 台のサーバーと、フェイルオーバー先の 1 台' },
  },
  'server-list copy': {
    summary: 'リストを別の名前でコピー',
    args: { list, name: 'コピーの名前' },
    flags: { data, dryRun, acceptUnreachable },
    examples: { plain: '手作業で編集するリスト' },
  },
  'server-list add': {
    summary: 'リストにサーバーを追加',
    args: { list, server: entry },
    flags: {
      data,
      acceptKey: 'そのサーバーで受け入れる、外部の証明書の公開鍵の SHA-256 (複数指定可)',
      dryRun,
      acceptUnreachable,
    },
    examples: { plain: '優先順位 1 のサーバーが応答しないときに使うサーバー' },
  },
  'server-list set': {
    summary: 'サーバーの優先順位や、受け入れる外部の証明書を変更',
    args: { list, server },
    flags: {
      data,
      priority: '1 が最優先',
      acceptKey: 'そのサーバーで受け入れる、外部の証明書の公開鍵の SHA-256 (複数指定可)',
      withoutKeys: '外部の証明書を受け入れない',
      dryRun,
      acceptUnreachable,
    },
    examples: { plain: '他のサーバーが応答しないときだけ使う' },
  },
  'server-list remove': {
    summary: 'リストからサーバーを削除',
    args: { list, server },
    flags: { data, dryRun, acceptUnreachable },
    examples: { plain: '廃止したサーバー' },
  },
  'server-list rename': {
    summary: 'リストの名前を変更',
    args: { list, name: '新しい名前' },
    flags: { data },
    examples: { plain: '別の名前' },
  },
  'server-list assign': {
    summary: 'リストを、グループとそれを継承する下位のグループに割り当て',
    args: { list, group },
    flags: { data, dryRun, acceptUnreachable },
    examples: { look: 'どのホストに適用されるか', plain: 'グループのホストにすぐに適用される' },
  },
  'server-list unassign': {
    summary: 'グループへの割り当てを解除。上位のグループのリストに戻る',
    args: { list, group },
    flags: { data, dryRun },
    examples: { plain: '上位のグループのリストに戻す' },
  },
  'server-list export': {
    summary: 'リストを、閲覧・編集・インポートできるファイルに書き出す',
    args: { list },
    flags: { data, out: '書き込むファイル。既存のファイルには書かない。指定しない場合は標準出力' },
    examples: { plain: '別の場所でのインポートや保管のため' },
  },
  'server-list import': {
    summary: 'ファイルからリストを作成、またはリストのサーバーを置き換え',
    args: { file: 'server-list export のファイル。- は標準入力' },
    flags: {
      data,
      name: 'ファイルとは別の名前',
      into: 'サーバーを置き換えるリスト',
      dryRun,
      acceptUnreachable,
    },
    examples: { plain: '新しいリスト', into: '既存のリストのサーバー' },
  },
  'server-list package': {
    summary: 'サーバーを見つけられない、または信頼できないエージェントのための通信パッケージをエクスポート',
    args: { list },
    flags: { data, out: '書き込むファイル。既存のファイルには書かない。- は標準出力' },
    examples: { plain: 'ホストにコピーして実行: sekisho agent repair ファイル' },
  },
  'server-list delete': {
    summary: 'どのグループでも使われていないリストを削除',
    args: { list },
    flags: { data },
    examples: { plain: '使わなくなったリスト' },
  },
};

export const repairVerbs: typeof en.repairVerbs = {
  'agent repair': {
    summary: '通信パッケージを取り込み、サーバーリストとトラストストアを入れ替える',
    args: { file: 'server-list package のファイル。- は標準入力' },
    flags: {
      data: 'エージェントのデータフォルダー',
      caFingerprint: '管理者から受け取った、パッケージの CA 指紋',
      caFingerprintFile: 'CA 指紋のファイル',
    },
    examples: {
      plain: 'CA が既知の場合。質問はない',
      anew: 'CA が変わった場合。指紋は管理者から受け取る',
    },
  },
};

export const serverLists: typeof en.serverLists = {
  id: 'ID',
  changedAt: '変更日時',
  server: 'サーバー',
  priority: '優先順位',
  protocol: 'プロトコル',
  keptBy: '管理',
  byHand: '手作業',
  byServer: 'サーバー自身',
  keys: '受け入れる鍵',
  pinned: '* TLS 証明書の更新中、または外部の証明書の使用中に、エージェントに伝えられる鍵: {keys}',
  servers: 'サーバー',
  groups: 'グループ',
  hosts: 'ホスト',
  holding: '最新',
  usedBelow: '他のリストを持たないグループ',
  standard: '{name} (サーバー自身が管理)',
  changesFor: '変更が適用されるホスト: {hosts}',
  nobody: 'このリストを使うホストはありません。',
  names: '  {names}',
  more: '  {names}、ほか {count}',
  elsewhere: '現在リストにないサーバーに接続していて、接続先が変わるホスト: {hosts}',
  reachable: '{server}: 応答あり',
  notReachable: '{server}: {words}',
  warning: '注意: {words}',
  changeQuestion: 'リストを変更しますか?',
  assignQuestion: 'リストをグループに割り当てますか?',
  unassignQuestion: 'グループへの割り当てを解除しますか?',
  deleteQuestion: 'リスト {name} を削除しますか?',
  dryRun: '変更は行われていません。',
  created: 'リスト {name} を作成しました。グループへの割り当て: sekisho server-list assign {name} グループ',
  changed: 'リスト {name} を変更しました。取得するエージェント: {hosts}',
  renamed: 'リストの名前を {name} に変更しました。',
  assigned: 'グループ {group} にリスト {name} を割り当てました。取得するエージェント: {hosts}',
  unassigned: 'グループ {group} は上位のリストに戻りました。取得するエージェント: {hosts}',
  deleted: 'リスト {name} を削除しました。',
  exported: '書き込みました: {file}',
  packaged: '通信パッケージ: {file}',
  packageUse: 'ホストにコピーして実行してください: sekisho agent repair {file}',
  packageFingerprint:
    'エージェントがこの CA を知らない場合は、次の指紋の確認が求められます。ファイルとは別の方法で伝えてください:',
  refusesServer:
    'このエージェントは管理サーバーの証明書を拒否しています。サーバーで何も変更していない場合は、通信が乗っ取られている可能性があります。修復しないでください。',
  refusesServerMend:
    'CA を変更した場合は、管理者に通信パッケージのエクスポートを依頼し (sekisho server-list package)、次を実行してください: sekisho agent repair ファイル',
  repairShown: 'パッケージは、このエージェントがまだ知らない CA のもとで署名されています。その指紋:',
  repairQuestion: '管理者から受け取った指紋と一致しますか?',
  repaired: 'パッケージを取り込みました: 世代 {generation}、リスト {serial}。',
  repairedServers: 'サーバー: {servers}',
  repairNewCa: 'エージェントは CA {fingerprint} を信頼するようになりました。',
  repairConnected: '管理サーバーから応答がありました。',
  repairNotYet: '管理サーバーからまだ応答がありません: {words}',
  repairStart: 'エージェントを起動してください: sekisho agent run --data {data}',
  repairRenews:
    'このホストの証明書は、ドメインから外れた CA が発行したものです。エージェントが自動的に更新します。1 分ほど待って確認してください: sekisho agent status',
  repairEnrol:
    'このホスト自身の証明書は受け入れられなくなりました。管理者に再発行トークンを依頼し、エージェントを停止してから実行してください:',
};
