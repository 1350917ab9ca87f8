import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import test from 'node:test';
import fc from 'fast-check';
import { canonicalIp, judgeName } from './naming.ts';

const accepted: readonly [raw: string, kind: 'dns' | 'ip', name: string][] = [
  ['web1', 'dns', 'web1'],
  ['Web1.Example.COM', 'dns', 'web1.example.com'],
  ['web1.example.com.', 'dns', 'web1.example.com'],
  ['xn--wgv71a119e.jp', 'dns', 'xn--wgv71a119e.jp'],
  ['3com.example', 'dns', '3com.example'],
  [`${'a'.repeat(63)}.example`, 'dns', `${'a'.repeat(63)}.example`],
  ['192.0.2.7', 'ip', '192.0.2.7'],
  ['2001:DB8:0:0:0:0:0:1', 'ip', '2001:db8::1'],
  ['2001:db8::1:0:0:1', 'ip', '2001:db8::1:0:0:1'],
  ['2001:db8:0:1:1:1:1:1', 'ip', '2001:db8:0:1:1:1:1:1'],
  ['::ffff:192.0.2.7', 'ip', '192.0.2.7'],
];
for (const [raw, kind, name] of accepted) {
  test(`T-15 the name ${raw} is accepted as ${name}`, () => {
    assert.deepEqual(judgeName(raw), { allow: true, kind, name });
  });
}

const refused: readonly [raw: string, code: 'HOST_NAME_INVALID' | 'HOST_NAME_RESERVED', why: string][] = [
  ['', 'HOST_NAME_INVALID', 'empty'],
  ['*.example.com', 'HOST_NAME_INVALID', 'a wildcard'],
  ['web 1', 'HOST_NAME_INVALID', 'a space'],
  ['web1\u0000.example.com', 'HOST_NAME_INVALID', 'a NUL'],
  ['web1\nexample', 'HOST_NAME_INVALID', 'a line break'],
  ['関所.example', 'HOST_NAME_INVALID', 'not ASCII'],
  ['-web', 'HOST_NAME_INVALID', 'a leading hyphen'],
  ['web-', 'HOST_NAME_INVALID', 'a trailing hyphen'],
  ['ab--cd', 'HOST_NAME_INVALID', 'hyphens kept for IDNA'],
  ['a..b', 'HOST_NAME_INVALID', 'an empty label'],
  ['.', 'HOST_NAME_INVALID', 'the root'],
  ['a'.repeat(64), 'HOST_NAME_INVALID', 'a label too long'],
  [`${'a.'.repeat(127)}b`, 'HOST_NAME_INVALID', 'too long'],
  ['web_1', 'HOST_NAME_INVALID', 'an underscore'],
  ['192.0.2.256', 'HOST_NAME_INVALID', 'nearly an address'],
  ['192.0.2', 'HOST_NAME_INVALID', 'an address written short'],
  ['0x7f000001', 'HOST_NAME_INVALID', 'an address in hex'],
  ['2001:db8::1::2', 'HOST_NAME_INVALID', 'two gaps'],
  ['fe80::1%eth0', 'HOST_NAME_INVALID', 'a zone'],
  ['11111111-2222-3333-4444-555555555555', 'HOST_NAME_INVALID', 'a host ID'],
  ['localhost', 'HOST_NAME_RESERVED', 'localhost'],
  ['a.LOCALHOST', 'HOST_NAME_RESERVED', 'under localhost'],
  ['127.0.0.1', 'HOST_NAME_RESERVED', 'loopback'],
  ['::1', 'HOST_NAME_RESERVED', 'loopback'],
  ['::', 'HOST_NAME_RESERVED', 'unspecified'],
  ['0.0.0.0', 'HOST_NAME_RESERVED', 'unspecified'],
  ['169.254.1.1', 'HOST_NAME_RESERVED', 'link-local'],
  ['fe80::1', 'HOST_NAME_RESERVED', 'link-local'],
  ['224.0.0.1', 'HOST_NAME_RESERVED', 'multicast'],
  ['ff02::1', 'HOST_NAME_RESERVED', 'multicast'],
  ['::ffff:127.0.0.1', 'HOST_NAME_RESERVED', 'loopback in disguise'],
];
for (const [raw, code, why] of refused) {
  test(`T-15 the name ${JSON.stringify(raw).slice(0, 40)} is refused: ${why}`, () => {
    const decision = judgeName(raw);
    assert.equal(decision.allow ? 'allowed' : decision.code, code);
  });
}

test('a judged name is a fixed point, and carries no control character, whatever is thrown at the rule', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.domain(), fc.ipV4(), fc.ipV6()), (raw) => {
      const decision = judgeName(raw);
      if (!decision.allow) return /^[\x21-\x7e…]*$/.test(String(decision.params['name']));
      const again = judgeName(decision.name);
      return again.allow && again.name === decision.name && again.kind === decision.kind;
    }),
  );
});

test('what is an IP address, and which, is judged as the platform judges it', () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string()), (raw) => {
      const text = canonicalIp(raw);
      if (isIP(raw) === 0) return text === undefined;
      if (text === undefined) return false;
      const viaUrl = isIP(text) === 6 ? new URL(`http://[${raw}]`).hostname.slice(1, -1) : undefined;
      return viaUrl === undefined || viaUrl === text;
    }),
  );
});
