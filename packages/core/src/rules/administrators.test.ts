import fc from 'fast-check';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAdministratorId, parseGroupId } from '../ids.ts';
import { administersDomain, decideAccountChange, decideAdministratorName } from './administrators.ts';

const idOf = (digit: number) => parseAdministratorId(`00000000-0000-4000-8000-00000000000${String(digit)}`)!;
const ID = '33333333-3333-4333-8333-333333333333';
const GROUP = parseGroupId(ID)!;

for (const name of [
  'head.office',
  'a',
  '7',
  'root@example.com',
  'x_y-z',
  'a'.repeat(64),
  `a${ID}`,
  `${ID}a`,
  'locals',
])
  test(`S-04 "${name}" may be the name of an administrator`, () => {
    assert.equal(decideAdministratorName(name).allow, true);
  });
for (const name of [
  '',
  'Office',
  '本社',
  '.a',
  '-a',
  'a b',
  'a\n',
  'local',
  'system',
  'unknown',
  'anonymous',
  'nobody',
  'me',
  'all',
  'a'.repeat(65),
  ID,
])
  test(`S-04 "${name.slice(0, 40)}" may not be the name of an administrator`, () => {
    const decision = decideAdministratorName(name);
    assert.deepEqual(decision, { allow: false, code: 'ADMINISTRATOR_NAME_INVALID', params: { name } });
  });

test('S-04 only the role administrator of the whole domain administers the domain', () => {
  assert.equal(administersDomain([{ role: 'administrator', groupId: null }]), true);
  assert.equal(administersDomain([{ role: 'administrator', groupId: GROUP }]), false);
  assert.equal(administersDomain([{ role: 'security-administrator', groupId: null }]), false);
  assert.equal(administersDomain([]), false);
});

test('S-04 the last administrator of the domain is not disabled, and the refusal says who that is', () => {
  const facts = {
    change: 'disable',
    principal: { administratorId: null },
    target: { id: idOf(1), name: 'head.office' },
    staysAdministrator: false,
    domainAdministrators: [idOf(1)],
  } as const;
  assert.deepEqual(decideAccountChange(facts), {
    allow: false,
    code: 'LAST_ADMINISTRATOR',
    params: { name: 'head.office' },
  });
  assert.equal(decideAccountChange({ ...facts, staysAdministrator: true }).allow, true);
  assert.equal(decideAccountChange({ ...facts, domainAdministrators: [idOf(1), idOf(2)] }).allow, true);
  assert.equal(decideAccountChange({ ...facts, domainAdministrators: [idOf(2)] }).allow, true);
  assert.equal(decideAccountChange({ ...facts, domainAdministrators: [] }).allow, true);
});

test('S-04 nobody changes their own roles, and one is always left who administers the domain', () => {
  const digits = fc.integer({ min: 0, max: 5 });
  fc.assert(
    fc.property(
      fc.uniqueArray(digits),
      digits,
      fc.option(digits, { nil: null }),
      fc.boolean(),
      fc.constantFrom('grants' as const, 'disable' as const),
      (administrators, target, actor, staysAdministrator, change) => {
        const decision = decideAccountChange({
          change,
          principal: { administratorId: actor === null ? null : idOf(actor) },
          target: { id: idOf(target), name: 'x' },
          staysAdministrator,
          domainAdministrators: administrators.map(idOf),
        });
        const left = administrators.filter((one) => one !== target).length + (staysAdministrator ? 1 : 0);
        if (change === 'grants' && actor === target) {
          assert.equal(decision.allow ? '' : decision.code, 'OWN_GRANTS');
        } else if (administrators.includes(target) && left === 0) {
          assert.equal(decision.allow ? '' : decision.code, 'LAST_ADMINISTRATOR');
        } else assert.equal(decision.allow, true);
      },
    ),
  );
});
