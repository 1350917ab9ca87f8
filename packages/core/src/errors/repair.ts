import type { ErrorTable } from './table.ts';

/** Refusals of a communication package (F-13). Whenever one is given, the agent is as it was; REPAIR_UNFINISHED says that it waits. */
export const repairErrors = {
  REPAIR_UNFINISHED: {
    status: 500,
    en: {
      words:
        'The package was taken, but could not be written ({detail}). The agent goes on with what it has until it can be.',
      hint: 'Make room on the disk of the data folder. The agent then finishes by itself, within a heartbeat or at its next start; sekisho agent status says so meanwhile.',
    },
    ja: {
      words:
        'パッケージを受け付けましたが、ディスクに書き込めませんでした ({detail})。書き込めるようになるまで、エージェントは現在の設定で動作を続けます。',
      hint: 'データフォルダーのあるディスクの空き容量を確保してください。次のハートビートまたは次回の起動時に自動的に完了します。それまでは sekisho agent status に表示されます。',
    },
  },
  REPAIR_PACKAGE_UNREADABLE: {
    status: 422,
    en: {
      words: 'This file is no communication package: {detail}. Nothing was changed here.',
      hint: 'Carry the file over again, whole. It is made on the management server: sekisho server-list package LIST --out FILE',
    },
    ja: {
      words: 'このファイルは通信パッケージではありません: {detail}。このホストには何も変更を加えていません。',
      hint: 'ファイル全体をもう一度コピーしてください。管理サーバーで作成します: sekisho server-list package リスト --out ファイル',
    },
  },
  REPAIR_OTHER_DOMAIN: {
    status: 403,
    en: {
      words:
        'The package is of the domain {found}; this agent belongs to {expected}. Nothing was changed here.',
      hint: 'Take the package of the management server that this host is enrolled at. To move it to another domain, set it up anew: sekisho agent setup --reissue',
    },
    ja: {
      words:
        'パッケージのドメインは {found} ですが、このエージェントは {expected} に属しています。このホストには何も変更を加えていません。',
      hint: 'このホストが登録されている管理サーバーのパッケージを使ってください。別のドメインに移す場合は、セットアップし直してください: sekisho agent setup --reissue',
    },
  },
  REPAIR_SIGNATURE_INVALID: {
    status: 403,
    en: {
      words: 'The {part} of the package is not signed as it must be ({detail}). Nothing was changed here.',
      hint: 'Do not use this file. Export a new one on the management server, and compare the clock of this host.',
    },
    ja: {
      words:
        'パッケージの{part}の署名が正しくありません ({detail})。このホストには何も変更を加えていません。',
      hint: 'このファイルは使わないでください。管理サーバーで新しくエクスポートし、このホストの時計も確認してください。',
    },
  },
  REPAIR_OLDER: {
    status: 409,
    en: {
      words:
        'The {part} of the package ({offered}) is older than what this agent holds ({held}). Nothing was changed here.',
      hint: 'Export a new package on the management server: sekisho server-list package LIST --out FILE',
    },
    ja: {
      words:
        'パッケージの{part} ({offered}) は、このエージェントが持つもの ({held}) より古いものです。このホストには何も変更を加えていません。',
      hint: '管理サーバーで新しいパッケージをエクスポートしてください: sekisho server-list package リスト --out ファイル',
    },
  },
  REPAIR_FORK: {
    status: 409,
    en: {
      words:
        'The {part} of the package has the number of the one that this agent holds ({held}), and says something else. Nothing was changed here.',
      hint: 'Two management servers sign for this domain, or the server was restored from an old backup. Look into that first.',
    },
    ja: {
      words:
        'パッケージの{part}は、このエージェントが持つものと同じ番号 ({held}) ですが、内容が異なります。このホストには何も変更を加えていません。',
      hint: '同じドメインに署名するサーバーが 2 つあるか、古いバックアップから復元された可能性があります。先に調査してください。',
    },
  },
  REPAIR_FINGERPRINT_NEEDED: {
    status: 403,
    en: {
      words:
        'The package is signed under a CA that this agent does not know yet: its fingerprint is {found}. Nothing was changed here.',
      hint: 'Get the fingerprint from your administrator another way than the file, compare it whole, then: sekisho agent repair FILE --ca-fingerprint HEX',
    },
    ja: {
      words:
        'パッケージは、このエージェントがまだ知らない CA のもとで署名されています。指紋は {found} です。このホストには何も変更を加えていません。',
      hint: 'ファイルとは別の方法で管理者から指紋を受け取り、全桁を比べてから実行してください: sekisho agent repair ファイル --ca-fingerprint 16進数',
    },
  },
  REPAIR_FINGERPRINT_MISMATCH: {
    status: 403,
    en: {
      words:
        'The CA fingerprint of the package is {found}, not the expected {expected}. Nothing was changed here.',
      hint: 'Compare both with your administrator. If the expected one is right, the file is not genuine: do not use it.',
    },
    ja: {
      words:
        'パッケージの CA 指紋は {found} で、指定された {expected} と一致しません。このホストには何も変更を加えていません。',
      hint: '両方を管理者と確認してください。指定した指紋が正しければ、ファイルは本物ではありません。使わないでください。',
    },
  },
  REPAIR_ROOT_COMPROMISED: {
    status: 403,
    en: {
      words:
        'The package is signed under the CA {fingerprint}, which the domain has declared compromised. Nothing was changed here.',
      hint: 'Do not use this file. Ask your administrator for a package of today.',
    },
    ja: {
      words:
        'パッケージは、ドメインが侵害されたと宣言した CA {fingerprint} のもとで署名されています。このホストには何も変更を加えていません。',
      hint: 'このファイルは使わないでください。管理者に現在のパッケージを依頼してください。',
    },
  },
} as const satisfies ErrorTable;
