import { z } from 'zod';

/** Settings of the fleet, each with its default; the server's configuration may carry any of them. */
export const fleetSettings = z.object({
  /** F-02: how often an agent reports. */
  heartbeatSeconds: z.int().min(1).max(86_400).default(300),
  /** F-03: `push` keeps a channel open, `pull` has heartbeats only. */
  mode: z.enum(['push', 'pull']).default('push'),
  /** How long an order for a backup, a restore or a removal waits for its host; then the job has failed. */
  orderMinutes: z.int().min(1).max(1440).default(60),
  /** The same for browsing, which somebody waits for. */
  browseMinutes: z.int().min(1).max(1440).default(10),
  /** The same for maintenance and sealing, which nobody waits for. */
  maintenanceHours: z.int().min(1).max(168).default(24),
  /** An active job without any sign for this long, on a host that is online, is given up (a report corrects it). */
  silentJobMinutes: z.int().min(1).max(10_080).default(1440),
  /** The same for jobs that were running when the agent was started again. */
  interruptedJobMinutes: z.int().min(1).max(1440).default(10),
  /** Between two rounds of retention in one repository. */
  maintainEveryHours: z.int().min(1).max(720).default(24),
});
export type FleetSettings = z.infer<typeof fleetSettings>;

/** All defaults. */
export const defaultFleetSettings = (): FleetSettings => fleetSettings.parse({});
