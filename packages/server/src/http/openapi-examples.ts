/** Bodies that show how a write is asked for, by the route's name; a test holds them against the contract. */
export const ROUTE_EXAMPLES: Readonly<Record<string, unknown>> = {
  setSecurity: { level: 'high' },
  createToken: { name: 'web servers', usesMax: 10, validSeconds: 86_400 },
  registerHost: { name: 'web1.example' },
  createPlan: {
    name: 'web files',
    targets: { hosts: ['0c1d6a52-5d7c-4c39-9f5e-6f2b8f0c9a11'], groups: [] },
    paths: ['/var/www'],
    schedules: [{ name: 'nightly', cron: '0 2 * * *', timeZone: 'Asia/Tokyo' }],
    retention: { daily: 14 },
    mediaServers: ['6e0f2f6a-8f2e-4f0e-8a53-2f4d1f7b9c22'],
  },
  runPlan: { hosts: null, scheduleName: null },
  startRestore: {
    point: '4fe1c09a4fe1c09a4fe1c09a4fe1c09a4fe1c09a4fe1c09a4fe1c09a4fe1c09a',
    paths: ['/var/www/index.html'],
    targetFolder: '/tmp/restored',
    conflict: 'rename',
  },
  revokeHost: { reason: 'keyCompromise' },
};
