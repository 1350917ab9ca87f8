import { fill } from '@sekisho/core/errors.ts';
import { FORECAST_DAYS_MAX } from '@sekisho/core/limits.ts';
import { DAY_MS } from '@sekisho/core/time.ts';
import { forecastRenewals } from '@sekisho/core/wire/renewals.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { numberOr } from '../../flag.ts';
import { renderTable } from '../../output/table.ts';
import { timesLine } from '../../output/times-line.ts';
import { defineVerb } from '../../verb.ts';

const DAYS_DEFAULT = 30;
/** Cells of the longest bar: with day and count the line fits 80. */
const BAR_CELLS = 44;

/** `cert forecast` (T-09). */
export const certForecast = defineVerb({
  path: 'cert forecast',
  args: {},
  flags: { data: serverData, days: numberOr('--days <n>', 1, FORECAST_DAYS_MAX, DAYS_DEFAULT) },
  examples: { plain: 'sekisho cert forecast', year: 'sekisho cert forecast --days 365' },
  run: ({ cli, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const view = await call(forecastRenewals, { query: { days: flags.days } });
      const { certificates } = cli.words;
      const { count, time } = cli.format;
      const most = Math.max(...view.days);
      const shown = view.days.reduce((sum, day) => sum + day, 0);
      return {
        json: view,
        text: [
          ...renderTable(
            [
              { title: certificates.day },
              { title: certificates.renewals, right: true },
              { title: certificates.load },
            ],
            view.days.map((renewals, day) => [
              time(view.fromMs + day * DAY_MS).slice(0, 16),
              count(renewals),
              bar(renewals, most),
            ]),
          ),
          fill(certificates.forecastTotal, {
            shown: count(shown),
            total: count(view.total),
            most: count(most),
          }),
          timesLine(cli),
        ],
      };
    }),
});

/** A day with anything at all shows something. */
const bar = (renewals: number, most: number): string =>
  renewals === 0 ? '' : '█'.repeat(Math.max(1, Math.round((renewals / most) * BAR_CELLS)));
