import type {
  applicationNouns as enNouns,
  applications as en,
  applicationVerbs as enVerbs,
} from '../en/applications.ts';

/** Words of the commands about applications that move between hosts. */
const data = '管理サーバーのデータフォルダー';
const name = 'アプリケーションの仮想名';
const host = 'ホストの名前または ID';

export const applicationNouns: typeof enNouns = {
  application: 'ホスト間を移動する仮想名と、その対象ホスト',
};

export const applicationVerbs: typeof enVerbs = {
  'application create': {
    summary: 'アプリケーションの仮想名を、それを持ち得るホストにマップする',
    args: { name },
    flags: {
      data,
      kind: 'アプリケーションの種類',
      host: '仮想名を持ち得るホスト (名前または ID、複数可)',
    },
    examples: { cluster: '2 ノードのデータベースクラスター' },
  },
  'application list': {
    summary: '仮想名のマッピングを一覧表示する',
    args: {},
    flags: { data, limit: '表示する最大行数', after: 'この位置の続きから' },
    examples: { plain: 'どの名前がどのホスト間を移動するか' },
  },
  'application show': {
    summary: 'マッピングを 1 つ表示する',
    args: { name },
    flags: { data },
    examples: { plain: '種類、ホスト、プラン' },
  },
  'application add-host': {
    summary: 'ホストを追加する (仮想名を持てるようになり、他のホストのバックアップもリストアできる)',
    args: { name, host },
    flags: { data },
    examples: { plain: '3 台目のノードがクラスターに加わる' },
  },
  'application remove-host': {
    summary: 'ホストを外す (他のホストのバックアップはすぐにリストアできなくなる)',
    args: { name, host },
    flags: { data },
    examples: { plain: 'ノードがクラスターから抜ける' },
  },
  'application delete': {
    summary: 'プランが使っていないマッピングを削除する',
    args: { name },
    flags: { data },
    examples: { plain: 'クラスターを廃止した' },
  },
};

/** What they say. */
export const applications: typeof en = {
  virtualName: '仮想名',
  kind: '種類',
  hosts: 'ホスト',
  plans: 'プラン',
  none: 'マップされた仮想名はありません。',
  grants: '次の各ホストは、互いのバックアップをリストアできるようになります: {hosts}',
  addQuestion: '{name} の他のホストのバックアップを {host} でリストアできるようにしますか?',
  createQuestion: '{name} をこれらのホストにマップしますか?',
  created: '{name} を {hosts} にマップしました。',
  added: '{host} が {name} を持てるようになりました。',
  removed:
    '{host} を {name} から外しました。このマッピングで他のホストのバックアップをリストアすることはできません。',
  deletePreview:
    '{name} のホスト ({hosts}) は自身のバックアップだけをリストアできます。他のホストのものはリストアできなくなります。',
  deleteQuestion: 'マッピングを削除しますか?',
  deleted: '{name} のマッピングを削除しました。',
};
