/** Where a shard's revocation list is, on the plain port. Shard zero is the list of all certificates of its issuer. */
export const crlPath = (issuerKeyId: string, shard: number): string =>
  shard === 0 ? `/crl/${issuerKeyId}.crl` : `/crl/${issuerKeyId}-${shard}.crl`;

/** Where OCSP is spoken, on the plain port. */
export const OCSP_PATH = '/ocsp';
