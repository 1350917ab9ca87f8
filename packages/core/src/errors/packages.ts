import type { ErrorTable } from './table.ts';

/** Refusals of install packages (F-04). Whenever an agent gives one, nothing was installed. */
export const packageErrors = {
  PACKAGE_UNREADABLE: {
    status: 422,
    en: {
      words: '{file} is no install package of Sekisho: {detail}.',
      hint: 'Take a Debian package as npm run package:deb makes it, whole. Reading it needs dpkg-deb.',
    },
    ja: {
      words: '{file} は Sekisho のインストールパッケージではありません: {detail}。',
      hint: 'npm run package:deb で作成した Debian パッケージ全体を指定してください。読み取りには dpkg-deb が必要です。',
    },
  },
  PACKAGE_UNSIGNED: {
    status: 403,
    en: {
      words: 'There is no signature at {file}: a secured agent installs nothing that is not signed.',
      hint: 'Sign it on the management server (sekisho package sign FILE), and carry both files here.',
    },
    ja: {
      words: '{file} に署名がありません。保護されたエージェントは、署名のないものをインストールしません。',
      hint: '管理サーバーで署名し (sekisho package sign ファイル)、両方のファイルをこのホストにコピーしてください。',
    },
  },
  PACKAGE_SIGNATURE_INVALID: {
    status: 403,
    en: {
      words: 'The signature of the package does not hold: {detail}. Nothing was installed.',
      hint: 'Sign the package at the management server of this domain, with its signing certificate of today: sekisho package sign FILE',
    },
    ja: {
      words: 'パッケージの署名を検証できません: {detail}。何もインストールしていません。',
      hint: 'このドメインの管理サーバーで、現在の署名証明書を使って署名してください: sekisho package sign ファイル',
    },
  },
  PACKAGE_CHANGED: {
    status: 403,
    en: {
      words:
        '{file} is not the file that was signed: its length or SHA-256 is another. Nothing was installed.',
      hint: 'Carry it over again. If it differs again, somebody has changed it: compare its SHA-256 with sekisho package list.',
    },
    ja: {
      words:
        '{file} は署名されたファイルではありません (長さまたは SHA-256 が異なります)。何もインストールしていません。',
      hint: 'もう一度コピーしてください。それでも異なる場合は改変されています。SHA-256 を sekisho package list と比べてください。',
    },
  },
  PACKAGE_PLATFORM_OTHER: {
    status: 409,
    en: {
      words: 'The package is for {found}; this machine is {expected}.',
      hint: 'Take the package for this kind of machine.',
    },
    ja: {
      words: 'パッケージは {found} 用ですが、このマシンは {expected} です。',
      hint: 'このマシンの種類に合うパッケージを使ってください。',
    },
  },
  PACKAGE_OLDER: {
    status: 409,
    en: {
      words: 'The package is of version {offered}; {installed} is installed.',
      hint: 'To go back to an older version on purpose: --allow-older',
    },
    ja: {
      words: 'パッケージのバージョンは {offered} ですが、インストール済みは {installed} です。',
      hint: '意図して古いバージョンに戻す場合: --allow-older',
    },
  },
  PACKAGE_NEEDS_NEWER: {
    status: 409,
    en: {
      words: 'Version {offered} can be installed over {minimum} or newer; here is {installed}.',
      hint: 'Install a version in between first.',
    },
    ja: {
      words:
        'バージョン {offered} は {minimum} 以降の上にインストールできます。このホストは {installed} です。',
      hint: '先に中間のバージョンをインストールしてください。',
    },
  },
  PACKAGE_INSTALL_FAILED: {
    status: 500,
    en: {
      words: 'The package was verified, and could not be installed: {detail}.',
      hint: 'Run the command as root on a machine with dpkg. What dpkg has begun it ends with: dpkg --configure -a',
    },
    ja: {
      words: 'パッケージの検証は成功しましたが、インストールできませんでした: {detail}。',
      hint: 'dpkg のあるマシンで root として実行してください。dpkg の処理が途中の場合: dpkg --configure -a',
    },
  },
  PACKAGE_DOES_NOT_START: {
    status: 409,
    en: {
      words:
        'The package was verified, but its program does not start on this machine as version {version}: {detail}. Nothing was installed.',
      hint: 'The host goes on with what it has. Take a package that was made for this kind of machine and release of the system.',
    },
    ja: {
      words:
        'パッケージの検証は成功しましたが、そのプログラムはこのマシンでバージョン {version} として起動しません: {detail}。何もインストールしていません。',
      hint: 'ホストは今のバージョンのまま動作します。このマシンの種類と OS のバージョンに合うパッケージを使ってください。',
    },
  },
  PACKAGE_WENT_BACK: {
    status: 500,
    en: {
      words:
        'Version {version} could not be taken into use: {detail}. The package that was installed before is installed again.',
      hint: 'The host goes on with that version. Why the new one failed: journalctl -u sekisho-agent',
    },
    ja: {
      words: 'バージョン {version} に切り替えられませんでした: {detail}。以前のパッケージに戻しました。',
      hint: 'ホストは以前のバージョンで動作します。失敗の理由の確認: journalctl -u sekisho-agent',
    },
  },
  PACKAGE_NOT_PUBLISHED: {
    status: 404,
    en: {
      words: 'The management server offers no package for {platform}.',
      hint: 'An administrator publishes one there: sekisho package publish FILE',
    },
    ja: {
      words: '管理サーバーには {platform} 用のパッケージがありません。',
      hint: '管理者が公開してください: sekisho package publish ファイル',
    },
  },
  PACKAGE_FILE_MISSING: {
    status: 409,
    en: {
      words: 'This management server does not have the file of the package {sha256}, or has another one.',
      hint: 'Publish it again, on one machine that serves this domain: sekisho package publish FILE',
    },
    ja: {
      words: 'この管理サーバーには、パッケージ {sha256} のファイルがないか、内容が異なります。',
      hint: 'このドメインの管理サーバーの 1 台で公開し直してください: sekisho package publish ファイル',
    },
  },
} as const satisfies ErrorTable;
