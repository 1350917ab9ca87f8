import type { ErrorTable } from './table.ts';

/** Refusals of certificate updates (F-30 … F-37). */
export const rotationErrors = {
  ROTATION_UNDER_WAY: {
    status: 409,
    en: {
      words: '{by} has already started an update of the {kind} ({id}).',
      hint: 'One update at a time. Watch it (sekisho rotation watch), or roll it back first (sekisho rotation rollback). Only an emergency takes it over (--emergency lost or stolen), unless it is one itself.',
    },
    ja: {
      words: '{kind}の更新が既に進行中です ({by} が開始、{id})。',
      hint: '更新は一度に 1 つだけです。進行状況を確認するか (sekisho rotation watch)、先に元に戻してください (sekisho rotation rollback)。進行中の更新を引き継げるのは緊急更新 (--emergency lost または stolen) だけで、進行中のものが緊急更新である場合は引き継げません。',
    },
  },
  ROTATION_ENDED: {
    status: 409,
    en: {
      words: 'This certificate update has ended ({phase}).',
      hint: 'See what was done: sekisho rotation list',
    },
    ja: {
      words: 'この証明書の更新は既に終了しています ({phase})。',
      hint: '実施内容の確認: sekisho rotation list',
    },
  },
  ROTATION_NONE: {
    status: 404,
    en: {
      words: 'There is no such certificate update.',
      hint: 'Start an update (sekisho rotation start tls), or name an earlier one (sekisho rotation list).',
    },
    ja: {
      words: 'その証明書の更新は見つかりません。',
      hint: '更新を開始するか (sekisho rotation start tls)、以前の更新を指定してください (sekisho rotation list)。',
    },
  },
  ROTATION_OUT_OF_SIGHT: {
    status: 503,
    en: {
      words:
        'The server has not answered for {minutes} minutes. The update is not ended by that: it goes on when a server runs.',
      hint: 'See why the server does not answer (sekisho doctor). Then follow the update again: sekisho rotation watch {id}',
    },
    ja: {
      words:
        'サーバーが {minutes} 分間応答していません。証明書の更新は中止されておらず、サーバーが稼働すれば続行されます。',
      hint: 'サーバーが応答しない原因を調べてください (sekisho doctor)。その後、進行状況を再び確認してください: sekisho rotation watch {id}',
    },
  },
  ROTATION_NO_WAY_BACK: {
    status: 409,
    en: {
      words:
        'There is no way back from here ({phase}): the old certificate is withdrawn, the update is being rolled back already, or it is an emergency.',
      hint: 'Let it end (sekisho rotation watch); then start another update if you need one.',
    },
    ja: {
      words:
        'この段階 ({phase}) からは元に戻せません。古い証明書が取り下げ済みか、既に元に戻している途中か、緊急の更新です。',
      hint: '終了を待ってから (sekisho rotation watch)、必要なら新しい更新を開始してください。',
    },
  },
  ROTATION_WOULD_LOSE: {
    status: 409,
    en: {
      words: '{hosts} hosts have not acknowledged the change and would be lost.',
      hint: 'See them by name (sekisho rotation status), bring them back, or accept the loss (sekisho rotation accept-loss HOST…).',
    },
    ja: {
      words: '{hosts} 台のホストが変更を確認しておらず、このままでは通信できなくなります。',
      hint: 'ホスト名を確認し (sekisho rotation status)、復帰させるか、切り離しを承認してください (sekisho rotation accept-loss ホスト…)。',
    },
  },
  ROTATION_HOST_NOT_ASKED: {
    status: 422,
    en: {
      words:
        'Nobody asked about {host}: it has acknowledged the change, comes back by itself, or is still waited for.',
      hint: 'Only hosts that "sekisho rotation status" lists as a question can be accepted as lost.',
    },
    ja: {
      words:
        '{host} は確認の対象ではありません。既に変更を確認したか、自動的に復帰できるか、まだ待機中です。',
      hint: '切り離しを承認できるのは、sekisho rotation status に確認事項として表示されるホストだけです。',
    },
  },
  ROTATION_PATH_UNFIT: {
    status: 422,
    en: {
      words: 'The path "{path}" does not fit an update of the {kind} (running servers: {servers}).',
      hint: 'Leave --path out: the one that fits is chosen and explained (sekisho rotation plan {kind}).',
    },
    ja: {
      words: '{kind}の更新に経路「{path}」は使えません (稼働中のサーバー: {servers} 台)。',
      hint: '--path を省略すると、適切な経路が選ばれ、理由も表示されます (sekisho rotation plan {kind})。',
    },
  },
  ROTATION_KEY_DAMAGED: {
    status: 409,
    en: {
      words: 'The {role} on this server, or its private key, is damaged: {detail}.',
      hint: 'Restore it from a backup rather than replace it: hosts then notice nothing. Only if there is no backup: sekisho rotation start {kind} --emergency lost',
    },
    ja: {
      words: '{role}またはその秘密鍵が、このサーバーで破損しています: {detail}。',
      hint: '置き換えるのではなく、バックアップから復元してください。ホストには影響しません。バックアップがない場合のみ: sekisho rotation start {kind} --emergency lost',
    },
  },
  ROTATION_OUTSIDE_REFUSED: {
    status: 422,
    en: {
      words: 'The certificate from outside cannot be used ({count} faults): {faults}',
      hint: 'All faults are listed with what to do about each: sekisho rotation plan {kind} --certificate FILE --key FILE',
    },
    ja: {
      words: '外部の証明書は使用できません (問題 {count} 件): {faults}',
      hint: 'すべての問題と対処を確認してください: sekisho rotation plan {kind} --certificate ファイル --key ファイル',
    },
  },
  PKCS12_MALFORMED: {
    status: 400,
    en: {
      words: 'The PKCS#12 file can not be read: {detail}.',
      hint: 'Give the whole file in DER. Or give key and certificate in PEM: openssl pkcs12 -in FILE -nodes -out FILE.pem',
    },
    ja: {
      words: 'PKCS#12 ファイルを読み取れません: {detail}',
      hint: 'DER 形式のファイル全体を指定してください。または鍵と証明書を PEM で指定してください: openssl pkcs12 -in ファイル -nodes -out ファイル.pem',
    },
  },
  PKCS12_OLD: {
    status: 422,
    en: {
      words: 'The PKCS#12 file is encrypted with {algorithm}, which is no longer safe.',
      hint: 'Convert it: openssl pkcs12 -legacy -in FILE -nodes -out all.pem && openssl pkcs12 -export -in all.pem -out NEW.p12; then remove all.pem.',
    },
    ja: {
      words: 'PKCS#12 ファイルは、もはや安全ではない {algorithm} で暗号化されています。',
      hint: '変換してください: openssl pkcs12 -legacy -in ファイル -nodes -out all.pem && openssl pkcs12 -export -in all.pem -out 新しいファイル.p12 (終わったら all.pem を削除)',
    },
  },
  PKCS12_PASSWORD_WRONG: {
    status: 422,
    en: {
      words: 'The password does not open the PKCS#12 file.',
      hint: 'Check it: openssl pkcs12 -in FILE -noout. If it is right, the whole file is damaged: get it again.',
    },
    ja: {
      words: 'このパスワードでは PKCS#12 ファイルを開けません。',
      hint: '確認してください: openssl pkcs12 -in ファイル -noout。パスワードが正しければファイル全体が破損しているため、もう一度取得してください。',
    },
  },
  PKCS12_DAMAGED: {
    status: 422,
    en: {
      words:
        'The PKCS#12 file is damaged or was changed: the password is right, but the checksum (MAC) in it does not fit.',
      hint: 'Get the file again from where it was made.',
    },
    ja: {
      words:
        'PKCS#12 ファイルが破損しているか、変更されています。パスワードは正しいものの、ファイル内の検査値 (MAC) が一致しません。',
      hint: 'ファイルを作成元からもう一度取得してください。',
    },
  },
  OUTSIDE_KEY_UNREADABLE: {
    status: 422,
    en: {
      words: 'There is no private key in it that can be read.',
      hint: 'Give the key in PEM (PKCS#8, PKCS#1 or SEC1), and its password if it is encrypted.',
    },
    ja: {
      words: '読み取れる秘密鍵が含まれていません。',
      hint: '鍵を PEM 形式 (PKCS#8、PKCS#1、SEC1) で指定し、暗号化されている場合はパスワードも指定してください。',
    },
  },
  OUTSIDE_KEY_OTHER: {
    status: 422,
    en: {
      words: 'The private key does not belong to the certificate of {subject}.',
      hint: 'Give the key that the certificate request was made with; the server’s certificate comes first in the file.',
    },
    ja: {
      words: '秘密鍵は {subject} の証明書のものではありません。',
      hint: '証明書要求の作成に使った鍵を指定してください。ファイルの先頭はサーバーの証明書です。',
    },
  },
  OUTSIDE_KEY_WEAK: {
    status: 422,
    en: {
      words: 'The key of {subject} is of a kind or length that is not accepted here.',
      hint: 'Ask for a certificate over a P-256, P-384 or Ed25519 key, or RSA of at least 3072 bits (no RSA for signing documents).',
    },
    ja: {
      words: '{subject} の鍵の種類または長さは、ここでは使用できません。',
      hint: 'P-256、P-384、Ed25519、または 3072 ビット以上の RSA (文書の署名には RSA は使用不可) の鍵で証明書を取得してください。',
    },
  },
  OUTSIDE_KEY_KNOWN: {
    status: 422,
    en: {
      words: 'This key is, or was, in use here already.',
      hint: 'A new certificate comes with a new key: make one, and ask for a certificate over it.',
    },
    ja: {
      words: 'この鍵は、ここで既に使用されているか、以前使用されていました。',
      hint: '新しい証明書には新しい鍵が必要です。鍵を作成し、その鍵で証明書を取得してください。',
    },
  },
  OUTSIDE_SIGNATURE_WEAK: {
    status: 422,
    en: {
      words: 'The certificate of {subject} is signed with an algorithm that is not accepted here.',
      hint: 'Ask its issuer for one that is signed with SHA-256 or better.',
    },
    ja: {
      words: '{subject} の証明書は、ここで使用できないアルゴリズムで署名されています。',
      hint: 'SHA-256 以上で署名された証明書を発行元に依頼してください。',
    },
  },
  OUTSIDE_EXPIRED: {
    status: 422,
    en: { words: 'The certificate of {subject} ended at {notAfter}.', hint: 'Ask its issuer for a new one.' },
    ja: {
      words: '{subject} の証明書は {notAfter} に期限切れになりました。',
      hint: '新しい証明書を発行元に依頼してください。',
    },
  },
  OUTSIDE_NOT_YET_VALID: {
    status: 422,
    en: {
      words: 'The certificate of {subject} is valid from {notBefore} only.',
      hint: 'Start the update after that, and check the server’s clock.',
    },
    ja: {
      words: '{subject} の証明書は {notBefore} から有効になります。',
      hint: 'その後に更新を開始してください。サーバーの時計も確認してください。',
    },
  },
  OUTSIDE_NAME_MISSING: {
    status: 422,
    en: {
      words: 'The certificate does not cover {name}, under which hosts reach the server.',
      hint: 'Ask for one with this name among its subject alternative names, or take the address out of the lists (sekisho server-list show).',
    },
    ja: {
      words: '証明書は、ホストがサーバーへの接続に使う {name} を含んでいません。',
      hint: 'サブジェクト代替名にこの名前を含む証明書を取得するか、リストからこのアドレスを外してください (sekisho server-list show)。',
    },
  },
  OUTSIDE_USAGE_WRONG: {
    status: 422,
    en: {
      words: 'The certificate of {subject} must not be used for this: {usage} is missing, or it is a CA’s.',
      hint: 'Ask for an end-entity certificate with digitalSignature, and for TLS with serverAuth.',
    },
    ja: {
      words: '{subject} の証明書はこの用途に使用できません。{usage} がないか、CA の証明書です。',
      hint: 'digitalSignature を持つ (TLS 用には serverAuth も持つ) エンドエンティティ証明書を取得してください。',
    },
  },
  OUTSIDE_CHAIN_INCOMPLETE: {
    status: 422,
    en: {
      words: 'The chain is not complete: the certificate that signed {subject} is missing or does not fit.',
      hint: 'Put the certificates in one file: the server’s, then each issuer’s after the one it signed. The root may be left out.',
    },
    ja: {
      words: 'チェーンが不完全です。{subject} に署名した証明書がないか、一致しません。',
      hint: '証明書を 1 つのファイルにまとめてください。サーバー、次にその発行元の順です。ルートは省略できます。',
    },
  },
  ROTATION_OUTSIDE_CA: {
    status: 422,
    en: {
      words: 'The CA of the domain is not replaced by a certificate from outside.',
      hint: 'Leave the certificate out: sekisho rotation start ca',
    },
    ja: {
      words: 'ドメインの CA を外部の証明書に置き換えることはできません。',
      hint: '証明書の指定を外してください: sekisho rotation start ca',
    },
  },
} as const satisfies ErrorTable;
