import type { ErrorTable } from './table.ts';

/** Refusals of certificates, requests, revocation lists and signed documents. */
export const pkiErrors = {
  CERTIFICATE_MALFORMED: {
    status: 400,
    en: {
      words: 'The certificate can not be read: {detail}.',
      hint: 'Give an X.509 v3 certificate in PEM or DER, complete and unchanged.',
    },
    ja: {
      words: '証明書を読み取れません: {detail}',
      hint: '欠けや変更のない X.509 v3 証明書を PEM または DER 形式で指定してください。',
    },
  },
  CSR_TOO_LARGE: {
    status: 413,
    en: {
      words: 'The certificate request is larger than the limit of {limitBytes} bytes.',
      hint: 'Make a plain PKCS#10 request: a key, a name, and few further names.',
    },
    ja: {
      words: '証明書要求が上限 ({limitBytes} バイト) を超えています。',
      hint: '鍵と名前だけの通常の PKCS#10 要求を作成してください。',
    },
  },
  CSR_MALFORMED: {
    status: 400,
    en: {
      words: 'The certificate request can not be read: {detail}.',
      hint: 'Make a new PKCS#10 request, for example with: openssl req -new.',
    },
    ja: {
      words: '証明書要求を読み取れません: {detail}',
      hint: '新しい PKCS#10 要求を作成してください (例: openssl req -new)。',
    },
  },
  CSR_KEY_UNSUPPORTED: {
    status: 400,
    en: {
      words: 'The key of the request is of a kind that is not accepted: {detail}.',
      hint: 'Use P-256 (the default), P-384, RSA of 3072 to 8192 bits with exponent 65537, or Ed25519.',
    },
    ja: {
      words: '要求の鍵は受け付けられない種類です: {detail}',
      hint: 'P-256 (既定)、P-384、RSA (3072～8192 ビット、指数 65537)、Ed25519 のいずれかを使用してください。',
    },
  },
  CSR_KEY_WEAK: {
    status: 400,
    en: {
      words: 'The key of the request is too weak: {detail}.',
      hint: 'Make a new key: P-256 (the default), P-384, RSA of at least 3072 bits, or Ed25519.',
    },
    ja: {
      words: '要求の鍵の強度が足りません: {detail}',
      hint: '新しい鍵を作成してください: P-256 (既定)、P-384、RSA (3072 ビット以上)、Ed25519。',
    },
  },
  CSR_SIGNATURE_INVALID: {
    status: 400,
    en: {
      words: 'The request is not signed by the key it asks a certificate for.',
      hint: 'Make the request with the private key that belongs to it, signed with SHA-256 or better.',
    },
    ja: {
      words: '証明書要求の署名が、要求に含まれる鍵と一致しません。',
      hint: '対応する秘密鍵で、SHA-256 以上の署名を使って要求を作成し直してください。',
    },
  },
  ISSUANCE_LINT_REFUSED: {
    status: 500,
    en: {
      words: 'It was not signed, because it would not fit the certificate profile: {findings}',
      hint: 'Nothing was issued. Compare with docs/reference/certificate-profile.md, and with the certificate of the CA.',
    },
    ja: {
      words: '証明書プロファイルに適合しないため、署名しませんでした: {findings}',
      hint: '何も発行されていません。docs/reference/certificate-profile.md と CA 証明書を確認してください。',
    },
  },
  CRL_MALFORMED: {
    status: 400,
    en: {
      words: 'The certificate revocation list can not be read: {detail}.',
      hint: 'Fetch it again; the one held so far stays in use.',
    },
    ja: {
      words: '証明書失効リスト (CRL) を読み取れません: {detail}',
      hint: 'もう一度取得してください。それまでは、これまでのリストを使用します。',
    },
  },
  CRL_SIGNATURE_INVALID: {
    status: 400,
    en: {
      words: 'The certificate revocation list is not signed by its issuing CA.',
      hint: 'Fetch it again from a management server of this domain; the one held so far stays in use.',
    },
    ja: {
      words: '証明書失効リスト (CRL) の署名が発行元 CA のものではありません。',
      hint: 'このドメインの管理サーバーから取得し直してください。それまでは、これまでのリストを使用します。',
    },
  },
  CRL_ISSUER_WRONG: {
    status: 400,
    en: {
      words: 'The certificate revocation list is of another CA.',
      hint: 'Fetch the list that the trust bundle names for this CA.',
    },
    ja: {
      words: '証明書失効リスト (CRL) は別の CA のものです。',
      hint: 'この CA についてトラストバンドルが示すリストを取得してください。',
    },
  },
  OCSP_MALFORMED: {
    status: 400,
    en: {
      words: 'The OCSP request can not be read: {detail}.',
      hint: 'Ask again with a program that speaks OCSP, for example: openssl ocsp.',
    },
    ja: {
      words: 'OCSP 要求を読み取れません: {detail}。',
      hint: 'OCSP に対応したプログラム (例: openssl ocsp) で要求し直してください。',
    },
  },
  CRL_SCOPE_WRONG: {
    status: 409,
    en: {
      words: 'At {path} lies a certificate revocation list of another place: {found}.',
      hint: 'It is not used in place of the other one. Look at what stands between this host and the management server.',
    },
    ja: {
      words: '{path} にあるのは、別の場所 ({found}) の証明書失効リスト (CRL) です。',
      hint: '別のリストの代わりには使いません。このホストと管理サーバーの間にあるものを確認してください。',
    },
  },
  CRL_NUMBER_LOWER: {
    status: 409,
    en: {
      words: 'The certificate revocation list has number {number}, but number {held} is held already.',
      hint: 'An older list is never taken back. Fetch it from another management server.',
    },
    ja: {
      words: '証明書失効リスト (CRL) の番号は {number} ですが、既に番号 {held} を保持しています。',
      hint: '古いリストには戻せません。別の管理サーバーから取得してください。',
    },
  },
  CRL_NUMBER_REUSED: {
    status: 409,
    en: {
      words: 'Two different certificate revocation lists carry the number {number}.',
      hint: 'This points to a copied CA. Look at the management server at once.',
    },
    ja: {
      words: '番号 {number} を持つ、内容の異なる証明書失効リスト (CRL) が二つあります。',
      hint: 'CA が複製された可能性があります。直ちに管理サーバーを確認してください。',
    },
  },
  DOCUMENT_MALFORMED: {
    status: 400,
    en: {
      words: 'The signed document can not be read: {detail}.',
      hint: 'What is held so far stays in use. Check that server and agent are of the same version.',
    },
    ja: {
      words: '署名付き文書を読み取れません: {detail}',
      hint: 'これまでの文書を引き続き使用します。サーバーとエージェントのバージョンを確認してください。',
    },
  },
  DOCUMENT_TYPE_WRONG: {
    status: 400,
    en: {
      words: 'The signed document is not a {expected}, but says it is {found}.',
      hint: 'What is held so far stays in use. See who answered the request.',
    },
    ja: {
      words: '署名付き文書の種類が {expected} ではなく {found} です。',
      hint: 'これまでの文書を引き続き使用します。応答した相手を確認してください。',
    },
  },
  DOCUMENT_SIGNATURE_INVALID: {
    status: 400,
    en: {
      words: 'The signature of the document is wrong.',
      hint: 'It was changed on its way or forged. What is held so far stays in use.',
    },
    ja: {
      words: '文書の署名が正しくありません。',
      hint: '途中で変更されたか、偽造された可能性があります。これまでの文書を引き続き使用します。',
    },
  },
  DOCUMENT_SIGNER_WRONG: {
    status: 403,
    en: {
      words: 'The document is signed by a key that may not sign it: {detail}',
      hint: 'What is held so far stays in use. See who answered the request.',
    },
    ja: {
      words: '文書に署名した鍵には、その権限がありません: {detail}',
      hint: 'これまでの文書を引き続き使用します。応答した相手を確認してください。',
    },
  },
  DOCUMENT_DOMAIN_OTHER: {
    status: 403,
    en: {
      words: 'The document is of another domain: {found} instead of {expected}.',
      hint: 'Check which management server this host talks to.',
    },
    ja: {
      words: '文書は別のドメインのものです ({expected} ではなく {found})。',
      hint: 'このホストが接続している管理サーバーを確認してください。',
    },
  },
  PEER_CERTIFICATE_MISSING: {
    status: 401,
    en: {
      words: 'The other side showed no certificate.',
      hint: 'Complete its setup: sekisho agent setup.',
    },
    ja: {
      words: '接続相手が証明書を提示しませんでした。',
      hint: '相手側でセットアップを完了してください: sekisho agent setup',
    },
  },
  PEER_CHAIN_UNTRUSTED: {
    status: 401,
    en: {
      words: 'The certificate of {subject} does not lead to a CA that is trusted here.',
      hint: 'Check that both sides belong to the same domain, and compare the CA fingerprints.',
    },
    ja: {
      words: '{subject} の証明書は、信頼する CA につながっていません。',
      hint: '双方が同じドメインに属していることと、CA 指紋が一致することを確認してください。',
    },
  },
  PEER_SIGNATURE_INVALID: {
    status: 401,
    en: {
      words: 'The certificate of {subject} names a CA that did not sign it.',
      hint: 'It was changed or forged. Compare the CA fingerprints of both sides.',
    },
    ja: {
      words: '{subject} の証明書は、記載された CA が署名したものではありません。',
      hint: '変更または偽造された可能性があります。双方の CA 指紋を比較してください。',
    },
  },
  PEER_ISSUER_NOT_CA: {
    status: 401,
    en: {
      words: 'The certificate of {subject} is signed by a certificate that may not issue certificates.',
      hint: 'Treat it as an attack: no key of a host can issue certificates.',
    },
    ja: {
      words: '{subject} の証明書は、証明書を発行できない証明書によって署名されています。',
      hint: '攻撃とみなしてください。ホストの鍵で証明書を発行することはできません。',
    },
  },
  PEER_CERTIFICATE_EXPIRED: {
    status: 401,
    en: {
      words: 'The certificate of {subject} expired at {notAfter}.',
      hint: 'Deploy a new one with a reissue token: sekisho token create --name LABEL --reissue HOST. Check the clock as well.',
    },
    ja: {
      words: '{subject} の証明書は {notAfter} に有効期限が切れました。',
      hint: '再発行トークンで新しい証明書を配備してください: sekisho token create --name LABEL --reissue HOST。時計も確認してください。',
    },
  },
  PEER_CERTIFICATE_NOT_YET_VALID: {
    status: 401,
    en: {
      words: 'The certificate of {subject} is not valid before {notBefore}.',
      hint: 'Check the clocks of both machines.',
    },
    ja: {
      words: '{subject} の証明書は {notBefore} より前には有効になりません。',
      hint: '双方のマシンの時計を確認してください。',
    },
  },
  PEER_KEY_USAGE_WRONG: {
    status: 401,
    en: {
      words: 'The certificate of {subject} may not be used for this: key usage {missing} is missing.',
      hint: 'Deploy a certificate from the management server of this domain.',
    },
    ja: {
      words: '{subject} の証明書はこの用途に使えません (鍵用途 {missing} がありません)。',
      hint: 'このドメインの管理サーバーから証明書を配備してください。',
    },
  },
  PEER_KEY_UNSUPPORTED: {
    status: 401,
    en: {
      words: 'The certificate of {subject} has a key or a signature of a kind that is not accepted.',
      hint: 'Use P-256, P-384, RSA of at least 3072 bits, or Ed25519, with SHA-256 or better.',
    },
    ja: {
      words: '{subject} の証明書は、受け付けられない種類の鍵または署名を使っています。',
      hint: 'P-256、P-384、RSA (3072 ビット以上)、Ed25519 のいずれかと、SHA-256 以上を使用してください。',
    },
  },
  PEER_EXTENSION_UNKNOWN: {
    status: 401,
    en: {
      words: 'The certificate of {subject} has a critical extension that is not known here: {oid}.',
      hint: 'Deploy a certificate from the management server of this domain.',
    },
    ja: {
      words: '{subject} の証明書には、認識できないクリティカル拡張 {oid} があります。',
      hint: 'このドメインの管理サーバーから証明書を配備してください。',
    },
  },
  PEER_ROLE_WRONG: {
    status: 403,
    en: {
      words: 'The certificate of {subject} is not that of a {role}.',
      hint: 'Check the address that was dialled; a host can not pose as a management server or media server.',
    },
    ja: {
      words: '{subject} の証明書は{role}のものではありません。',
      hint: '接続先を確認してください。ホストが管理サーバーやメディアサーバーを名乗ることはできません。',
    },
  },
  PEER_NAME_WRONG: {
    status: 403,
    en: {
      words: 'The certificate of {subject} does not belong to {expected}.',
      hint: 'Check the address that was dialled, and the names of that host: sekisho host show HOST.',
    },
    ja: {
      words: '{subject} の証明書は {expected} のものではありません。',
      hint: '接続先と、そのホストの名前を確認してください: sekisho host show HOST',
    },
  },
  PEER_DOMAIN_OTHER: {
    status: 403,
    en: {
      words: 'The certificate of {subject} is of another domain: {found}.',
      hint: 'Check that both sides belong to the same domain.',
    },
    ja: {
      words: '{subject} の証明書は別のドメイン ({found}) のものです。',
      hint: '双方が同じドメインに属していることを確認してください。',
    },
  },
  PEER_REVOKED: {
    status: 403,
    en: {
      words: 'The certificate of {subject} is revoked.',
      hint: 'The host comes back only with a reissue token: sekisho token create --name LABEL --reissue HOST.',
    },
    ja: {
      words: '{subject} の証明書は失効しています。',
      hint: 'ホストを復帰させるには再発行トークンが必要です: sekisho token create --name LABEL --reissue HOST',
    },
  },
  SECRET_UNREADABLE: {
    status: 500,
    en: {
      words: 'A secret can not be opened: {what}.',
      hint: 'Either the key-encryption key is not the one it was sealed with: put the right one in its place. Or it was damaged: sekisho doctor names what is, and a backup brings it back.',
    },
    ja: {
      words: '秘密情報を開けません: {what}',
      hint: '鍵暗号化キーが保護したときのものと異なる場合は、正しいものを配置してください。破損している場合は、sekisho doctor で対象を確認し、バックアップから復元してください。',
    },
  },
} as const satisfies ErrorTable;
