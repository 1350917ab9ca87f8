import { adminCreate } from './commands/admin/create.ts';
import { adminDisable } from './commands/admin/disable.ts';
import { adminEnable } from './commands/admin/enable.ts';
import { adminLink } from './commands/admin/link.ts';
import { adminList } from './commands/admin/list.ts';
import { adminLinkOidc } from './commands/admin/link-oidc.ts';
import { adminReset } from './commands/admin/reset.ts';
import { adminSetRoles } from './commands/admin/set-roles.ts';
import { adminShow } from './commands/admin/show.ts';
import { adminUnlinkOidc } from './commands/admin/unlink-oidc.ts';
import { agentAsk } from './commands/agent/ask.ts';
import { agentRenew } from './commands/agent/renew.ts';
import { agentRepair } from './commands/agent/repair.ts';
import { agentRun } from './commands/agent/run.ts';
import { agentSet } from './commands/agent/set.ts';
import { agentUpgrade } from './commands/agent/upgrade.ts';
import { agentSetup } from './commands/agent/setup.ts';
import { agentStatus } from './commands/agent/status.ts';
import { applicationAddHost } from './commands/application/add-host.ts';
import { applicationCreate } from './commands/application/create.ts';
import { applicationDelete } from './commands/application/delete.ts';
import { applicationList } from './commands/application/list.ts';
import { applicationRemoveHost } from './commands/application/remove-host.ts';
import { applicationShow } from './commands/application/show.ts';
import { agentUninstall } from './commands/agent/uninstall.ts';
import { auditExport } from './commands/audit/export.ts';
import { auditKey } from './commands/audit/key.ts';
import { auditList } from './commands/audit/list.ts';
import { auditShow } from './commands/audit/show.ts';
import { auditVerify } from './commands/audit/verify.ts';
import { backupRun } from './commands/backup/run.ts';
import { certDrill } from './commands/cert/drill.ts';
import { certExport } from './commands/cert/export.ts';
import { certForecast } from './commands/cert/forecast.ts';
import { certImport } from './commands/cert/import.ts';
import { certInstall } from './commands/cert/install.ts';
import { certList } from './commands/cert/list.ts';
import { certRevocation } from './commands/cert/revocation.ts';
import { certRevocations } from './commands/cert/revocations.ts';
import { certRequest } from './commands/cert/request.ts';
import { certRevoke } from './commands/cert/revoke.ts';
import { certSign } from './commands/cert/sign.ts';
import { clusterCreate } from './commands/cluster/create.ts';
import { clusterList } from './commands/cluster/list.ts';
import { clusterShow } from './commands/cluster/show.ts';
import { clusterAddNode } from './commands/cluster/add-node.ts';
import { clusterRemoveNode } from './commands/cluster/remove-node.ts';
import { clusterDelete } from './commands/cluster/delete.ts';
import { clusterReissueTokens } from './commands/cluster/reissue-tokens.ts';
import { completionOf } from './commands/completion.ts';
import { configCheck } from './commands/config/check.ts';
import { configShow } from './commands/config/show.ts';
import { dbBackup } from './commands/db/backup.ts';
import { dbMigrate } from './commands/db/migrate.ts';
import { dbStatus } from './commands/db/status.ts';
import { doctor } from './commands/doctor.ts';
import { demo } from './commands/demo.ts';
import { groupCreate } from './commands/group/create.ts';
import { groupDelete } from './commands/group/delete.ts';
import { groupInherit } from './commands/group/inherit.ts';
import { groupList } from './commands/group/list.ts';
import { groupLock } from './commands/group/lock.ts';
import { groupMove } from './commands/group/move.ts';
import { groupRename } from './commands/group/rename.ts';
import { groupSet } from './commands/group/set.ts';
import { groupShow } from './commands/group/show.ts';
import { groupUnlock } from './commands/group/unlock.ts';
import { groupUnset } from './commands/group/unset.ts';
import { rotationAcceptLoss } from './commands/rotation/accept-loss.ts';
import { rotationList } from './commands/rotation/list.ts';
import { rotationPause } from './commands/rotation/pause.ts';
import { rotationPlan } from './commands/rotation/plan.ts';
import { rotationResume } from './commands/rotation/resume.ts';
import { rotationRollback } from './commands/rotation/rollback.ts';
import { rotationStart } from './commands/rotation/start.ts';
import { rotationStatus } from './commands/rotation/status.ts';
import { rotationWatch } from './commands/rotation/watch.ts';
import { verificationOff } from './commands/verification/off.ts';
import { verificationOn } from './commands/verification/on.ts';
import { verificationShow } from './commands/verification/show.ts';
import { hostAllowReissue } from './commands/host/allow-reissue.ts';
import { hostImport } from './commands/host/import.ts';
import { hostKnown } from './commands/host/known.ts';
import { hostList } from './commands/host/list.ts';
import { hostMedia } from './commands/host/media.ts';
import { hostRegister } from './commands/host/register.ts';
import { hostMove } from './commands/host/move.ts';
import { hostReset } from './commands/host/reset.ts';
import { hostShow } from './commands/host/show.ts';
import { hostUnregister } from './commands/host/unregister.ts';
import { jobCancel } from './commands/job/cancel.ts';
import { jobList } from './commands/job/list.ts';
import { jobRetry } from './commands/job/retry.ts';
import { jobShow } from './commands/job/show.ts';
import { jobWatch } from './commands/job/watch.ts';
import { keyCreate } from './commands/key/create.ts';
import { keyList } from './commands/key/list.ts';
import { keyRevoke } from './commands/key/revoke.ts';
import { keyShow } from './commands/key/show.ts';
import { legacyAdd } from './commands/legacy/add.ts';
import { legacyGrant } from './commands/legacy/grant.ts';
import { legacyList } from './commands/legacy/list.ts';
import { legacyRemove } from './commands/legacy/remove.ts';
import { explainVerb } from './commands/explain.ts';
import { mappingAdd } from './commands/mapping/add.ts';
import { mappingApprove } from './commands/mapping/approve.ts';
import { mappingDelete } from './commands/mapping/delete.ts';
import { mappingList } from './commands/mapping/list.ts';
import { mappingPending } from './commands/mapping/pending.ts';
import { mappingReject } from './commands/mapping/reject.ts';
import { planCreate } from './commands/plan/create.ts';
import { planDelete } from './commands/plan/delete.ts';
import { planEdit } from './commands/plan/edit.ts';
import { planList } from './commands/plan/list.ts';
import { planShow } from './commands/plan/show.ts';
import { policyShow } from './commands/policy/show.ts';
import { pointBrowse } from './commands/point/browse.ts';
import { pointDelete } from './commands/point/delete.ts';
import { pointList } from './commands/point/list.ts';
import { pointMaintain } from './commands/point/maintain.ts';
import { pointShow } from './commands/point/show.ts';
import { restoreRun } from './commands/restore/run.ts';
import { serverListAdd } from './commands/server-list/add.ts';
import { serverListAssign } from './commands/server-list/assign.ts';
import { serverListCopy } from './commands/server-list/copy.ts';
import { serverListCreate } from './commands/server-list/create.ts';
import { serverListDelete } from './commands/server-list/delete.ts';
import { packageList } from './commands/package/list.ts';
import { packagePublish } from './commands/package/publish.ts';
import { packageSign } from './commands/package/sign.ts';
import { serverListExport } from './commands/server-list/export.ts';
import { serverListImport } from './commands/server-list/import.ts';
import { serverListList } from './commands/server-list/list.ts';
import { serverListPackage } from './commands/server-list/package.ts';
import { serverListRemove } from './commands/server-list/remove.ts';
import { serverListRename } from './commands/server-list/rename.ts';
import { serverListSet } from './commands/server-list/set.ts';
import { serverListShow } from './commands/server-list/show.ts';
import { serverListUnassign } from './commands/server-list/unassign.ts';
import { securitySet } from './commands/security/set.ts';
import { securityShow } from './commands/security/show.ts';
import { serverFingerprint } from './commands/server/fingerprint.ts';
import { serverInit } from './commands/server/init.ts';
import { serverAttachRoot } from './commands/server/attach-root.ts';
import { serverDetachRoot } from './commands/server/detach-root.ts';
import { serverJoin } from './commands/server/join.ts';
import { serverLogLevel } from './commands/server/log-level.ts';
import { serverRoot } from './commands/server/root.ts';
import { serverRun } from './commands/server/run.ts';
import { serverStatus } from './commands/server/status.ts';
import { servicePrint } from './commands/service/print.ts';
import { simulateVerb } from './commands/simulate.ts';
import { sessionRevoke } from './commands/session/revoke.ts';
import { sessionList } from './commands/session/list.ts';
import { taskCancel } from './commands/task/cancel.ts';
import { taskList } from './commands/task/list.ts';
import { taskShow } from './commands/task/show.ts';
import { taskWatch } from './commands/task/watch.ts';
import { tokenCreate } from './commands/token/create.ts';
import { tokenDelete } from './commands/token/delete.ts';
import { tokenList } from './commands/token/list.ts';
import type { Verb } from './verb.ts';

/** Every verb, in the order in which help shows them. */
export const VERBS: readonly Verb[] = [
  serverInit,
  serverJoin,
  serverRun,
  serverStatus,
  serverFingerprint,
  serverLogLevel,
  serverRoot,
  serverDetachRoot,
  serverAttachRoot,
  agentSetup,
  agentUpgrade,
  agentRun,
  agentStatus,
  agentRenew,
  agentSet,
  agentUninstall,
  agentAsk,
  agentRepair,
  hostList,
  hostShow,
  hostRegister,
  hostUnregister,
  hostImport,
  hostKnown,
  hostMedia,
  hostMove,
  hostAllowReissue,
  hostReset,
  mappingList,
  mappingPending,
  mappingAdd,
  mappingApprove,
  mappingReject,
  mappingDelete,
  explainVerb,
  tokenCreate,
  tokenList,
  tokenDelete,
  certList,
  certRevoke,
  certRevocations,
  certRevocation,
  certForecast,
  certDrill,
  certRequest,
  certSign,
  certInstall,
  certExport,
  certImport,
  groupList,
  groupShow,
  groupCreate,
  groupRename,
  groupMove,
  groupSet,
  groupUnset,
  groupLock,
  groupUnlock,
  groupInherit,
  groupDelete,
  rotationPlan,
  rotationStart,
  rotationStatus,
  rotationWatch,
  rotationPause,
  rotationResume,
  rotationRollback,
  rotationAcceptLoss,
  rotationList,
  verificationShow,
  verificationOff,
  verificationOn,
  policyShow,
  serverListList,
  serverListShow,
  serverListCreate,
  serverListCopy,
  serverListAdd,
  serverListSet,
  serverListRemove,
  serverListRename,
  serverListAssign,
  serverListUnassign,
  serverListExport,
  serverListImport,
  serverListPackage,
  serverListDelete,
  packageSign,
  packagePublish,
  packageList,
  clusterCreate,
  clusterList,
  clusterShow,
  clusterAddNode,
  clusterRemoveNode,
  clusterDelete,
  clusterReissueTokens,
  securityShow,
  securitySet,
  legacyAdd,
  legacyList,
  legacyRemove,
  legacyGrant,
  planCreate,
  planList,
  planShow,
  planEdit,
  planDelete,
  applicationCreate,
  applicationList,
  applicationShow,
  applicationAddHost,
  applicationRemoveHost,
  applicationDelete,
  backupRun,
  jobList,
  jobShow,
  jobWatch,
  jobCancel,
  jobRetry,
  taskList,
  taskShow,
  taskWatch,
  taskCancel,
  pointList,
  pointShow,
  pointBrowse,
  pointDelete,
  pointMaintain,
  restoreRun,
  adminList,
  adminShow,
  adminCreate,
  adminSetRoles,
  adminDisable,
  adminEnable,
  adminReset,
  adminLink,
  adminLinkOidc,
  adminUnlinkOidc,
  keyCreate,
  keyList,
  keyShow,
  keyRevoke,
  sessionList,
  sessionRevoke,
  auditList,
  auditShow,
  auditVerify,
  auditExport,
  auditKey,
  demo,
  doctor,
  simulateVerb,
  configShow,
  configCheck,
  servicePrint,
  dbStatus,
  dbBackup,
  dbMigrate,
  completionOf(() => VERBS),
];
