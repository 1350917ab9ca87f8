import { AppError } from '@sekisho/core/errors.ts';
import { SECURITY_LEVELS, setSecurity, STALE_CRL_CHOICES } from '@sekisho/core/wire/trust.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { choice, number, onOff } from '../../flag.ts';
import { groupSecurity } from '../../output/group-security.ts';
import { securityText } from '../../output/security-text.ts';
import { defineVerb } from '../../verb.ts';

const CERTIFICATE_HOURS_MIN = 24;
const CERTIFICATE_HOURS_MAX = 825 * 24;

/** `security set`. */
export const securitySet = defineVerb({
  path: 'security set',
  args: {},
  flags: {
    data: serverData,
    level: choice('--level <level>', SECURITY_LEVELS),
    requireForwardRecords: onOff('--require-forward-records <on|off>'),
    mapAutomatically: onOff('--map-automatically <on|off>'),
    insecureCommunication: onOff('--insecure-communication <on|off>'),
    certificateHours: number('--certificate-hours <n>', CERTIFICATE_HOURS_MIN, CERTIFICATE_HOURS_MAX),
    staleCrl: choice('--stale-crl <what>', STALE_CRL_CHOICES),
  },
  examples: {
    strict: 'sekisho security set --level very-high',
    days: 'sekisho security set --certificate-hours 2160',
  },
  run: ({ cli, flags }) => {
    const change = {
      ...(flags.level === undefined ? {} : { level: flags.level }),
      ...(flags.requireForwardRecords === undefined
        ? {}
        : { requireForwardRecords: flags.requireForwardRecords }),
      ...(flags.mapAutomatically === undefined ? {} : { mapAutomatically: flags.mapAutomatically }),
      ...(flags.insecureCommunication === undefined
        ? {}
        : { insecureCommunication: flags.insecureCommunication }),
      ...(flags.certificateHours === undefined ? {} : { hostCertificateHours: flags.certificateHours }),
      ...(flags.staleCrl === undefined ? {} : { staleCrl: flags.staleCrl }),
    };
    if (Object.keys(change).length === 0) {
      throw new AppError('USAGE_ONE_OF_NEEDED', {
        options:
          '--level, --require-forward-records, --map-automatically, --insecure-communication, --certificate-hours, --stale-crl',
        usage: 'sekisho security set --level medium|high|very-high',
      });
    }
    return withServer(cli, flags.data, async ({ call }) => {
      const settings = await call(setSecurity, { body: change });
      return {
        json: settings,
        text: [
          cli.words.notes.securitySaved,
          ...securityText(cli, settings),
          ...(await groupSecurity(cli, call)),
        ],
      };
    });
  },
});
