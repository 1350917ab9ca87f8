import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalIp, judgeName, printable } from './naming.ts';

/** 253 characters. */
const LONGEST = `${'a.'.repeat(126)}b`;

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
  [LONGEST, 'dns', LONGEST],
  [`${LONGEST}.`, 'dns', LONGEST],
  ['a--b.example', 'dns', 'a--b.example'],
  ['1.example', 'dns', '1.example'],
  ['example.1x', 'dns', 'example.1x'],
  ['example.x1', 'dns', 'example.x1'],
  ['example.0xg', 'dns', 'example.0xg'],
  ['example.a0xf', 'dns', 'example.a0xf'],
  ['notlocalhost', 'dns', 'notlocalhost'],
  ['localhost.example', 'dns', 'localhost.example'],
  ['a11111111-2222-3333-4444-555555555555', 'dns', 'a11111111-2222-3333-4444-555555555555'],
  ['11111111-2222-3333-4444-555555555555a', 'dns', '11111111-2222-3333-4444-555555555555a'],
  ['1.0.0.1', 'ip', '1.0.0.1'],
  ['126.255.255.255', 'ip', '126.255.255.255'],
  ['128.0.0.1', 'ip', '128.0.0.1'],
  ['169.253.1.1', 'ip', '169.253.1.1'],
  ['169.255.1.1', 'ip', '169.255.1.1'],
  ['223.255.255.255', 'ip', '223.255.255.255'],
  ['::2', 'ip', '::2'],
  ['1::', 'ip', '1::'],
  ['0:0:1::1', 'ip', '0:0:1::1'],
  ['fe7f::1', 'ip', 'fe7f::1'],
  ['fec0::1', 'ip', 'fec0::1'],
  ['feff::1', 'ip', 'feff::1'],
  ['::fffe:7f00:1', 'ip', '::fffe:7f00:1'],
  ['1::ffff:7f00:1', 'ip', '1::ffff:7f00:1'],
  ['1:2:3:4:5:6:7:8', 'ip', '1:2:3:4:5:6:7:8'],
  ['1:2:3:4:5:6:7::', 'ip', '1:2:3:4:5:6:7:0'],
  ['::2:3:4:5:6:7:8', 'ip', '0:2:3:4:5:6:7:8'],
  ['2001:0:0:1:0:0:0:1', 'ip', '2001:0:0:1::1'],
  ['64:ff9b::192.0.2.33', 'ip', '64:ff9b::c000:221'],
  ['1:2:3:4:5:6:192.0.2.1', 'ip', '1:2:3:4:5:6:c000:201'],
  ['2001:0db8:0000:0000:0000:ffff:192.168.100.200', 'ip', '2001:db8::ffff:c0a8:64c8'],
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
  [`${LONGEST}b`, 'HOST_NAME_INVALID', 'one character too long'],
  [`${LONGEST}b.`, 'HOST_NAME_INVALID', 'one too long, with a dot'],
  ['example.7', 'HOST_NAME_INVALID', 'a number as last label'],
  ['example.0x', 'HOST_NAME_INVALID', 'a hex number as last label'],
  ['01.2.3.4', 'HOST_NAME_INVALID', 'a leading zero'],
  ['1.2.3.4.5', 'HOST_NAME_INVALID', 'five numbers'],
  ['1:2:3:4:5:6:7', 'HOST_NAME_INVALID', 'seven groups'],
  ['1:2:3:4:5:6:7:8:9', 'HOST_NAME_INVALID', 'nine groups'],
  ['1::2:3:4:5:6:7:8', 'HOST_NAME_INVALID', 'a gap for nothing'],
  ['12345::', 'HOST_NAME_INVALID', 'a group of five digits'],
  ['1::g', 'HOST_NAME_INVALID', 'no hex digit'],
  ['1::1x', 'HOST_NAME_INVALID', 'more than a hex digit'],
  ['192.0.2.1::', 'HOST_NAME_INVALID', 'IPv4 before the gap'],
  ['::192.0.2.1:1', 'HOST_NAME_INVALID', 'IPv4 that is not last'],
  ['::192.0.2.256', 'HOST_NAME_INVALID', 'nearly IPv4 at the end'],
  ['127.255.255.255', 'HOST_NAME_RESERVED', 'loopback'],
  ['0.1.2.3', 'HOST_NAME_RESERVED', 'this network'],
  ['255.255.255.255', 'HOST_NAME_RESERVED', 'broadcast'],
  ['febf::1', 'HOST_NAME_RESERVED', 'link-local'],
  ['ff00::', 'HOST_NAME_RESERVED', 'multicast'],
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

for (const raw of ['web 1', '127.0.0.1', 'LOCALHOST']) {
  test(`T-15 the refusal of ${raw} shows what was asked for`, () => {
    const decision = judgeName(raw);
    assert.deepEqual(decision.allow || decision.params, { name: raw.replace(' ', '?') });
  });
}

test('what comes from outside is shown in printable ASCII, cut after a hundred characters', () => {
  assert.equal(printable('a b\u0007~!\u007f関'), 'a?b?~!??');
  assert.equal(printable('x'.repeat(100)), 'x'.repeat(100));
  assert.equal(printable('x'.repeat(101)), `${'x'.repeat(100)}…`);
});
