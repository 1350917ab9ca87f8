import { setting } from '@sekisho/core/settings/setting.ts';
import { z } from 'zod';

/** Settings of the fleet, each with its default; the server's configuration may carry any of them. */
export const fleetSettings = z.strictObject({
  heartbeatSeconds: setting(z.int().min(1).max(86_400).default(300), {
    en: 'F-02: seconds between two reports of an agent.',
    ja: 'F-02: エージェントがハートビートを送る間隔 (秒)。',
  }),
  mode: setting(z.enum(['push', 'pull']).default('push'), {
    en: 'F-03: `push` keeps a channel open to each agent, `pull` has heartbeats only.',
    ja: 'F-03: `push` は各エージェントとのチャネルを開いたままにし、`pull` はハートビートだけを使います。',
  }),
  orderMinutes: setting(z.int().min(1).max(1440).default(60), {
    en: 'Minutes that an order for a backup, a restore or a removal waits for its host; then the job has failed.',
    ja: 'バックアップ、リストア、削除の指示がホストを待つ時間 (分)。過ぎるとジョブは失敗になります。',
  }),
  browseMinutes: setting(z.int().min(1).max(1440).default(10), {
    en: 'The same for browsing a recovery point, which somebody waits for.',
    ja: '人が待っている、復旧ポイントの参照について同じもの (分)。',
  }),
  maintenanceHours: setting(z.int().min(1).max(168).default(24), {
    en: 'Hours that an order for maintenance or sealing waits, which nobody waits for.',
    ja: '誰も待っていない、保守と封印の指示が待つ時間 (時間)。',
  }),
  silentJobMinutes: setting(z.int().min(1).max(10_080).default(1440), {
    en: 'An active job without any sign for so many minutes, on a host that is online, is given up (a report corrects it).',
    ja: 'オンラインのホストで、この時間 (分) 何の知らせもない実行中のジョブは打ち切ります (後の報告で訂正されます)。',
  }),
  interruptedJobMinutes: setting(z.int().min(1).max(1440).default(10), {
    en: 'The same for jobs that were running when the agent was started again.',
    ja: 'エージェントの再起動時に実行中だったジョブについて同じもの (分)。',
  }),
  maintainEveryHours: setting(z.int().min(1).max(720).default(24), {
    en: 'Hours between two rounds of retention in one repository.',
    ja: '1 つのリポジトリで保存期間の処理を行う間隔 (時間)。',
  }),
});
export type FleetSettings = z.infer<typeof fleetSettings>;

/** All defaults. */
export const defaultFleetSettings = (): FleetSettings => fleetSettings.parse({});
