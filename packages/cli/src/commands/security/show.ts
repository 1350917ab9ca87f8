import { getSecurity } from '@sekisho/core/wire/trust.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { groupSecurity } from '../../output/group-security.ts';
import { legacyRisk } from '../../output/legacy-risk.ts';
import { verificationRisk } from '../../output/verification-risk.ts';
import { securityText } from '../../output/security-text.ts';
import { defineVerb } from '../../verb.ts';

/** `security show`. */
export const securityShow = defineVerb({
  path: 'security show',
  args: {},
  flags: { data: serverData },
  examples: { plain: 'sekisho security show' },
  run: ({ cli, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const settings = await call(getSecurity);
      return {
        json: settings,
        text: [
          ...securityText(cli, settings),
          ...(await groupSecurity(cli, call)),
          ...(await legacyRisk(cli, call, settings)),
          ...(await verificationRisk(cli, call)),
        ],
      };
    }),
});
