import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EMERGENCIES, isOver, ROTATION_KINDS, ROTATION_PHASES } from './rotation.ts';
import { decideTakeOver, type EmergencyWish, type OpenUpdate, type TakeOver } from './rotation-takeover.ts';

const open = (wish: Partial<OpenUpdate> = {}): OpenUpdate => ({
  kind: 'tls',
  phase: 'announced',
  direction: 'forward',
  emergency: null,
  outside: false,
  ...wish,
});
const stolen = (wish: Partial<EmergencyWish> = {}): EmergencyWish => ({
  kind: 'tls',
  emergency: 'stolen',
  outside: false,
  ...wish,
});
const lost = (wish: Partial<EmergencyWish> = {}): EmergencyWish => stolen({ emergency: 'lost', ...wish });

const cases: readonly [string, OpenUpdate, EmergencyWish, TakeOver | undefined][] = [
  ['an update that is no emergency takes over nothing', open(), lost({ emergency: null }), undefined],
  ['an emergency gives way to no other', open({ emergency: 'lost' }), stolen({ kind: 'signing' }), undefined],
  ['a lost key is replaced by the one that is announced already', open(), lost(), 'kept'],
  ['also before it was announced', open({ phase: 'prepared' }), lost(), 'kept'],
  ['what lay beside a stolen key is not used', open(), stolen(), 'abandoned'],
  [
    'hosts that trust the next root already are kept after a theft',
    open({ kind: 'ca' }),
    stolen({ kind: 'ca' }),
    'kept',
  ],
  ['and when the root is lost', open({ kind: 'ca' }), lost({ kind: 'ca' }), 'kept'],
  [
    'a certificate from outside that is announced would lose hosts that have not heard',
    open({ outside: true }),
    lost(),
    'abandoned',
  ],
  ['one that is brought along is the one that is wanted', open(), lost({ outside: true }), 'abandoned'],
  ['a change of the CA gives way to a lost TLS key', open({ kind: 'ca' }), lost(), 'abandoned'],
  ['a TLS update gives way to a stolen root', open(), stolen({ kind: 'ca' }), 'abandoned'],
  ['a switch that has begun is ended', open({ phase: 'switching' }), stolen(), 'finished'],
  ['the old one is not kept for the overlap', open({ phase: 'overlap' }), lost(), 'finished'],
  [
    'nor until the last host is re-keyed',
    open({ kind: 'ca', phase: 'rekeying' }),
    stolen({ kind: 'signing' }),
    'finished',
  ],
  ['what is withdrawn has nothing to wait for', open({ phase: 'withdrawing' }), lost(), 'finished'],
  [
    'a way back ends where it was going',
    open({ direction: 'back', phase: 'announced' }),
    stolen(),
    'turned-back',
  ],
  [
    'also when it has only the documents to go',
    open({ direction: 'back', phase: 'withdrawing' }),
    lost({ kind: 'ca' }),
    'turned-back',
  ],
];
for (const [title, update, wish, expected] of cases)
  test(`F-34 ${title}`, () => {
    assert.equal(decideTakeOver(update, wish), expected);
  });

test('F-34 whatever is open, each emergency has an answer, and a key is kept only before the switch of its own kind', () => {
  for (const kind of ROTATION_KINDS)
    for (const phase of ROTATION_PHASES.filter((one) => !isOver(one)))
      for (const direction of ['forward', 'back'] as const)
        for (const other of ROTATION_KINDS)
          for (const emergency of EMERGENCIES) {
            const found = decideTakeOver(
              open({ kind, phase, direction }),
              stolen({ kind: other, emergency }),
            );
            const isEarly = phase === 'prepared' || phase === 'announced';
            assert.ok(found !== undefined);
            assert.equal(found === 'turned-back', direction === 'back');
            if (found === 'kept') assert.ok(kind === other && isEarly);
            if (found === 'finished') assert.ok(!isEarly);
          }
});
