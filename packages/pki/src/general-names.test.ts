import fc from 'fast-check';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DerError, DerReader } from './der/read.ts';
import { element, nullElement, sequence, setOf, smallInteger } from './der/write.ts';
import { generalNames, ipToBytes, readGeneralNames, uriName } from './general-names.ts';

const WHAT = 'the list';
const read = (der: Uint8Array) => readGeneralNames(new DerReader(der), WHAT);
const DNS = 0x82;
const URI = 0x86;
const IP = 0x87;
const text = (tag: number, content: string): Uint8Array => element(tag, Buffer.from(content, 'latin1'));

test('T-15 names are written with the URIs first, then DNS names, then addresses', () => {
  const names = generalNames({ ips: ['192.0.2.1', '::1'], dns: ['a', 'b.example'], uris: ['spiffe://x/y'] });
  const expected = sequence(
    text(URI, 'spiffe://x/y'),
    text(DNS, 'a'),
    text(DNS, 'b.example'),
    element(IP, Uint8Array.of(192, 0, 2, 1)),
    element(IP, Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)),
  );
  assert.deepEqual(Buffer.from(names), Buffer.from(expected));
  assert.deepEqual(Buffer.from(generalNames({})), Buffer.from(sequence()));
  assert.deepEqual(Buffer.from(uriName('http://x')), Buffer.from(text(URI, 'http://x')));
  assert.deepEqual(read(names), {
    dns: ['a', 'b.example'],
    ips: ['192.0.2.1', '::1'],
    uris: ['spiffe://x/y'],
    others: 0,
  });
});

for (const name of ['', 'a b', 'a\n', 'é', '\u007f', 'x\u0000'])
  test(`T-15 the name ${JSON.stringify(name)} is not written`, () => {
    assert.throws(() => generalNames({ dns: [name] }), /^RangeError: a name that is not ASCII$/);
    assert.throws(() => uriName(name), RangeError);
  });

test('T-15 names of other kinds are counted', () => {
  const kinds = [0x81, 0xa0, 0xa3, 0xa4, 0xa5, 0x88].map((tag) => element(tag, Uint8Array.of(1)));
  assert.deepEqual(read(sequence(...kinds, text(DNS, '!~'))), { dns: ['!~'], ips: [], uris: [], others: 6 });
});

const names = (count: number, tags: readonly number[]): Uint8Array =>
  sequence(...Array.from({ length: count }, (_, index) => text(tags[index % tags.length]!, 'abcd')));

test('T-15 as many names, and as long ones, are read as are allowed', () => {
  const found = read(names(256, [DNS, IP, URI, 0x81]));
  assert.deepEqual([found.dns.length, found.ips.length, found.uris.length, found.others], [64, 64, 64, 64]);
  assert.equal(read(sequence(text(DNS, 'a'.repeat(2048)))).dns[0]?.length, 2048);
});

const refused: readonly (readonly [what: string, der: Uint8Array, found: string])[] = [
  ['that are none', setOf(), 'expected'],
  ['of which there are none', sequence(), 'is empty'],
  ['of which there are 257', names(257, [DNS, IP, URI, 0x81]), 'has too many names'],
  [
    'one of which is longer than 2048 bytes',
    sequence(text(DNS, 'a'.repeat(2049))),
    'has a name that is too long',
  ],
  ['one of which is a number', sequence(smallInteger(2)), 'has a name of no known kind'],
  ['one of which is a list', sequence(nullElement, sequence()), 'has a name of no known kind'],
  ['one of which is of kind 9', sequence(text(0x89, 'a')), 'has a name of no known kind'],
  ['one of which is of an application', sequence(text(0x42, 'a')), 'has a name of no known kind'],
  ['one of which is private', sequence(text(0xc2, 'a')), 'has a name of no known kind'],
  ['one of which is empty', sequence(text(DNS, '')), 'has an empty name'],
  ['with an empty URI', sequence(text(URI, '')), 'has an empty name'],
  ['one of which has a space', sequence(text(DNS, 'a b')), 'has a name that is not ASCII'],
  ['one of which has a delete', sequence(text(URI, 'a\u007f')), 'has a name that is not ASCII'],
  ['one of which has a letter of Latin-1', sequence(text(DNS, 'é')), 'has a name that is not ASCII'],
  ['with an empty address', sequence(text(IP, '')), 'has an address of wrong length'],
  ['with an address of five bytes', sequence(text(IP, '12345')), 'has an address of wrong length'],
  ['with an address of 17 bytes', sequence(text(IP, '1'.repeat(17))), 'has an address of wrong length'],
];
for (const [what, der, found] of refused)
  test(`T-15 names ${what} are refused: ${found}`, () => {
    assert.throws(
      () => read(der),
      (error) => {
        assert.ok(error instanceof DerError);
        assert.equal(error.message, `${WHAT} ${found}`);
        return true;
      },
    );
  });

const hexOf = (ip: string): string => Buffer.from(ipToBytes(ip)).toString('hex');
for (const [ip, hex] of [
  ['0.0.0.0', '00000000'],
  ['1.20.255.9', '0114ff09'],
  ['::', '00000000000000000000000000000000'],
  ['1::', '00010000000000000000000000000000'],
  ['::ffff:192.0.2.33', '00000000000000000000ffffc0000221'],
  ['64:ff9b::1.2.3.4', '0064ff9b000000000000000001020304'],
  ['1:2:3:4:5:6:7.8.9.10', '0001000200030004000500060708090a'],
  ['FE80::A:bcde', 'fe8000000000000000000000000abcde'],
  ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
] as const)
  test(`T-15 the address ${ip} has the bytes ${hex}`, () => {
    assert.equal(hexOf(ip), hex);
  });

for (const ip of ['', 'x', '1.2.3', '1.2.3.4.5', '01.2.3.4', 'fe80::1%eth0', '1::2::3', '[::1]'])
  test(`T-15 "${ip}" is no address`, () => {
    assert.throws(() => ipToBytes(ip), /^RangeError: not an IP address$/);
  });

for (const [ip, canonical] of [
  ['0:0:0:0:0:0:0:0', '::'],
  ['0:0:0:0:0:0:0:1', '::1'],
  ['1:0:0:0:0:0:0:0', '1::'],
  ['1:0:2:0:3:0:4:0', '1:0:2:0:3:0:4:0'],
  ['0:0:1:0:0:0:2:3', '0:0:1::2:3'],
  ['0:0:1:2:0:0:3:4', '::1:2:0:0:3:4'],
  ['1:2:3:4:5:6:0:0', '1:2:3:4:5:6::'],
  ['2001:0DB8::00ab:1', '2001:db8::ab:1'],
  ['::ffff:1.2.3.4', '::ffff:102:304'],
] as const)
  test(`T-15 the address ${ip} is read as ${canonical}`, () => {
    assert.deepEqual(read(generalNames({ ips: [ip] })).ips, [canonical]);
  });

test('T-15 whatever the address, it is read in the form that the platform writes', () => {
  fc.assert(
    fc.property(fc.ipV6(), (ip) => {
      assert.deepEqual(read(generalNames({ ips: [ip] })).ips, [
        new URL(`http://[${ip}]`).hostname.slice(1, -1),
      ]);
    }),
  );
});
