import { AUDIT_EVENTS, type AuditAct } from '@sekisho/core/audit-events.ts';
import { allRoutes } from '@sekisho/core/wire/routes.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';

/** What each route that changes something writes into the audit log; or why it writes nothing. */
const AUDITED: Readonly<Record<string, readonly AuditAct[] | { readonly none: string }>> = {
  // trust
  setSecurity: ['set-security'],
  registerHost: ['register-host'],
  importHosts: ['import-hosts'],
  unregisterHost: ['unregister-host'],
  setHostMedia: ['set-media'],
  allowReissue: ['allow-reissue'],
  createToken: ['create-token'],
  deleteToken: ['delete-token'],
  revokeHost: ['revoke-host'],
  // certificates
  signByHand: ['approve-certificate'],
  planDrill: { none: 'chooses hosts and changes nothing; what begins over them is written by startDrill' },
  startDrill: ['drill-renewals'],
  // groups
  createGroup: ['create-group'],
  renameGroup: ['rename-group'],
  moveGroup: ['move-group'],
  changeGroupSettings: ['change-group'],
  deleteGroup: ['delete-group'],
  moveHost: ['move-host'],
  switchVerification: ['switch-verification-off', 'switch-verification-on'],
  // management server lists
  createServerList: ['create-server-list'],
  replaceServerList: ['change-server-list'],
  deleteServerList: ['delete-server-list'],
  assignServerList: ['assign-server-list'],
  unassignServerList: ['unassign-server-list'],
  importServerList: ['create-server-list', 'change-server-list'],
  exportPackage: ['export-communication-package'],
  signPackage: ['sign-package', 'publish-package'],
  // clusters
  createCluster: ['create-cluster'],
  addClusterNode: ['change-cluster'],
  removeClusterNode: ['change-cluster'],
  deleteCluster: ['delete-cluster'],
  reissueClusterTokens: ['create-token'],
  // names
  addMapping: ['map-name'],
  approveName: ['approve-name'],
  rejectName: ['reject-name'],
  deleteMapping: ['delete-name'],
  resetHost: ['reset-host'],
  askPeers: ['map-name', 'use-name'],
  // legacy hosts
  addLegacyHost: ['add-legacy'],
  removeLegacyHost: ['remove-legacy'],
  grantLegacyRead: ['grant-legacy'],
  askLegacy: ['connect-legacy'],
  depositRepositoryPassword: ['deposit-repository-password'],
  // certificate updates
  planRotation: { none: 'says what would happen and changes nothing' },
  startRotation: ['start-rotation'],
  pauseRotation: ['pause-rotation'],
  resumeRotation: ['resume-rotation'],
  rollBackRotation: ['roll-back-rotation'],
  acceptRotationLoss: ['accept-rotation-loss'],
  // root
  exportRoot: ['export-root'],
  detachRoot: ['detach-root'],
  attachRoot: ['attach-root'],
  // plans, jobs, points
  createPlan: ['create-plan'],
  replacePlan: ['change-plan'],
  deletePlan: ['delete-plan'],
  runPlan: ['order-backup'],
  cancelJob: ['cancel-job'],
  retryJob: ['order-backup', 'order-restore'],
  browsePoint: ['order-browse'],
  deletePoints: ['delete-point', 'order-maintain'],
  maintainRepository: ['order-maintain'],
  startRestore: ['order-restore', 'grant-read'],
  createApplication: ['create-application'],
  addApplicationHost: ['change-application'],
  removeApplicationHost: ['change-application'],
  deleteApplication: ['delete-application'],
  // administrators and how they sign in
  createAdministrator: ['create-administrator', 'make-link'],
  disableAdministrator: ['disable-administrator'],
  enableAdministrator: ['enable-administrator'],
  resetAdministrator: ['make-link'],
  setGrants: ['set-grants'],
  makeFirstLink: ['make-link'],
  openLink: {
    none: 'shows what a one-time link is for and begins with it; using it up is written by acceptLink',
  },
  acceptLink: ['use-link', 'sign-in'],
  signIn: ['sign-in'],
  signInWithTotp: ['sign-in'],
  signOut: ['sign-out'],
  endSession: ['end-session'],
  changePassword: ['change-password'],
  changeTotp: { none: 'draws a new secret that counts for nothing until confirmTotp proves it' },
  confirmTotp: ['set-totp'],
  linkOidc: ['link-oidc'],
  unlinkOidc: ['unlink-oidc'],
  startOidcWithLink: {
    none: 'only sends the browser to the provider; what comes back is written as sign-in',
  },
  startPasskey: { none: 'draws a challenge that counts for nothing until addPasskey answers it' },
  addPasskey: ['add-passkey'],
  renamePasskey: ['rename-passkey'],
  removePasskey: ['remove-passkey'],
  startPasskeySignIn: {
    none: 'draws a challenge that counts for nothing until signInWithPasskey answers it',
  },
  signInWithPasskey: ['sign-in'],
  createApiKey: ['create-api-key'],
  revokeApiKey: ['revoke-api-key'],
  // the server itself
  startDatabaseBackup: ['back-up-database'],
  setLogLevel: ['change-log-level'],
  cancelTask: ['cancel-task'],
  // agents
  postHeartbeat: {
    none: 'says that a host lives; a second one of the same identity is written as `heartbeat`',
  },
  postSpool: ['report-job', 'report-offer', 'report-snapshot', 'report-event'],
  getRepositoryPassword: ['release-repository-password'],
};

test('S-06 every route that changes something writes an act of the table, or says why it does not', () => {
  const unsafe = allRoutes()
    .filter(({ route }) => route.method !== 'GET')
    .map(({ name }) => name);
  const missing = unsafe.filter((name) => !Object.hasOwn(AUDITED, name));
  assert.deepEqual(missing, [], 'name their acts in this table');
  const gone = Object.keys(AUDITED).filter((name) => !unsafe.includes(name));
  assert.deepEqual(gone, []);
  for (const [name, acts] of Object.entries(AUDITED)) {
    if ('none' in acts) assert.ok(acts.none.length > 20, name);
    else assert.ok(acts.length > 0 && acts.every((act) => Object.hasOwn(AUDIT_EVENTS, act)), name);
  }
});
