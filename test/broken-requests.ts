/** What breaks the rules of HTTP/1.1, each with what it is. */
export const BROKEN_REQUESTS: readonly [string, readonly (string | Uint8Array)[]][] = [
  ['garbage', ['\0\x01\x02 garbage \r\n\r\n']],
  ['HTTP/2 preface', ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n']],
  ['HTTP/0.9', ['GET /\r\n\r\n']],
  ['HTTP/3.7', ['GET / HTTP/3.7\r\n\r\n']],
  ['no Host', ['GET / HTTP/1.1\r\n\r\n']],
  ['two lengths', ['POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab']],
  [
    'length and chunks',
    ['POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ],
  ['negative length', ['POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n']],
  ['huge length', ['POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n']],
  ['bad chunk', ['POST /v1/hosts HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n']],
  ['a folded header', ['GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\nNo colon\r\n\r\n']],
  ['a NUL in a header', ['GET / HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n']],
  ['a long header', [`GET / HTTP/1.1\r\nHost: x\r\nA: ${'a'.repeat(20 * 1024)}\r\n\r\n`]],
  ['a long path', [`GET /${'a'.repeat(20 * 1024)} HTTP/1.1\r\nHost: x\r\n\r\n`]],
  [
    'many headers',
    [`GET / HTTP/1.1\r\nHost: x\r\n${Array.from({ length: 3000 }, (_, n) => `A${n}: b\r\n`).join('')}\r\n`],
  ],
];
