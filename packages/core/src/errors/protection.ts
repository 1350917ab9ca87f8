import type { ErrorTable } from './table.ts';

/** Refusals of plans, jobs, recovery points, repositories and the agent channel. */
export const protectionErrors = {
  PLAN_NAME_TAKEN: {
    status: 409,
    en: {
      words: 'There is already a plan with the name {name}.',
      hint: 'Choose another name, or edit that plan.',
    },
    ja: {
      words: 'プラン名 {name} はすでに使用されています。',
      hint: '別の名前を付けるか、既存のプランを編集してください。',
    },
  },
  PLAN_REVISION_CONFLICT: {
    status: 409,
    en: {
      words: 'The plan was changed by somebody else: you edited revision {revision}, it is at {current}.',
      hint: 'Read the plan again and repeat your change.',
    },
    ja: {
      words: 'プランは他の人が変更しました。編集していたのはリビジョン {revision}、現在は {current} です。',
      hint: 'プランを読み込み直してから、変更をやり直してください。',
    },
  },
  PLAN_SCHEDULE_TWICE: {
    status: 422,
    en: {
      words: 'Two schedules of the plan have the name {name}.',
      hint: 'Give each schedule a name of its own.',
    },
    ja: {
      words: 'プランに {name} という名前のスケジュールが 2 つあります。',
      hint: 'スケジュールごとに異なる名前を付けてください。',
    },
  },
  PLAN_HOST_UNKNOWN: {
    status: 422,
    en: {
      words: 'The plan names a host {hostId} that this domain does not have.',
      hint: 'List the hosts: sekisho host list',
    },
    ja: {
      words: 'プランが指すホスト {hostId} はこのドメインに存在しません。',
      hint: 'ホストの一覧を確認してください: sekisho host list',
    },
  },
  PLAN_HOST_IS_SERVER: {
    status: 422,
    en: {
      words: 'The host {host} is the identity of the management server itself, which no agent uses.',
      hint: 'To protect that machine, set up an agent on it under a name of its own.',
    },
    ja: {
      words: 'ホスト {host} は管理サーバー自身の ID で、エージェントは使用しません。',
      hint: 'そのマシンを保護するには、別の名前でエージェントをセットアップしてください。',
    },
  },
  PLAN_GROUP_UNKNOWN: {
    status: 422,
    en: {
      words: 'The plan names a group {groupId} that does not exist.',
      hint: 'Check the ID of the group.',
    },
    ja: {
      words: 'プランが指す管理グループ {groupId} は存在しません。',
      hint: '管理グループの ID を確認してください。',
    },
  },
  PLAN_MEDIA_ROLE_MISSING: {
    status: 422,
    en: {
      words: 'The host {host} is not a media server.',
      hint: 'Give it the role (sekisho host media {host} on), or choose another media server.',
    },
    ja: {
      words: 'ホスト {host} はメディアサーバーではありません。',
      hint: '役割を与える (sekisho host media {host} on) か、別のメディアサーバーを選んでください。',
    },
  },
  PLAN_MEDIA_TWICE: {
    status: 422,
    en: {
      words: 'The plan names the media server {host} twice.',
      hint: 'Name another host as the fallback, or none.',
    },
    ja: {
      words: 'プランがメディアサーバー {host} を 2 回指しています。',
      hint: '代替には別のホストを指定するか、指定をやめてください。',
    },
  },
  PLANS_TOO_MANY: {
    status: 409,
    en: {
      words: 'There are already {limit} plans; that is the limit.',
      hint: 'Delete plans that are no longer used.',
    },
    ja: {
      words: 'プランが上限の {limit} 件に達しています。',
      hint: '使わなくなったプランを削除してください。',
    },
  },
  PLAN_SCHEDULE_UNKNOWN: {
    status: 422,
    en: {
      words: 'The plan {plan} has no schedule {name}.',
      hint: 'Look at its schedules: sekisho plan show {plan}',
    },
    ja: {
      words: 'プラン {plan} にスケジュール {name} はありません。',
      hint: 'スケジュールを確認してください: sekisho plan show {plan}',
    },
  },
  PLAN_HOST_NOT_COVERED: {
    status: 422,
    en: {
      words: 'The plan {plan} does not cover the host {host}.',
      hint: 'Add the host to the plan, or choose one of its hosts.',
    },
    ja: {
      words: 'プラン {plan} はホスト {host} を対象としていません。',
      hint: 'ホストをプランに追加するか、対象のホストを選んでください。',
    },
  },
  PLAN_HAS_NO_HOSTS: {
    status: 422,
    en: {
      words: 'The plan {plan} covers no host at present.',
      hint: 'Add a host to the plan or to its groups.',
    },
    ja: {
      words: 'プラン {plan} の対象となるホストが現在ありません。',
      hint: 'プランまたはその管理グループにホストを追加してください。',
    },
  },
  JOB_ENDED: {
    status: 409,
    en: { words: 'The job has already ended ({state}).', hint: 'Nothing needs to be cancelled.' },
    ja: { words: 'ジョブはすでに終了しています ({state})。', hint: '取り消す必要はありません。' },
  },
  JOB_RETRY_RUNNING: {
    status: 409,
    en: { words: 'The job has not ended yet ({state}).', hint: 'Wait for its end, or cancel it first.' },
    ja: { words: 'ジョブはまだ終了していません ({state})。', hint: '終了を待つか、先に取り消してください。' },
  },
  JOB_RETRY_PLAN_GONE: {
    status: 409,
    en: { words: 'The plan of this job no longer exists.', hint: 'Run another plan that covers the host.' },
    ja: {
      words: 'このジョブのプランはもう存在しません。',
      hint: 'そのホストを対象とする別のプランを実行してください。',
    },
  },
  JOB_RETRY_KIND: {
    status: 409,
    en: {
      words: 'A job of the kind {kind} is not retried by hand.',
      hint: 'The server starts it again by itself when it is needed.',
    },
    ja: {
      words: '種類が「{kind}」のジョブは手動で再試行できません。',
      hint: '必要なときにサーバーが自動的に開始します。',
    },
  },
  JOB_ORDER_UNANSWERED: {
    status: 504,
    en: {
      words: 'The host did not answer before the order ran out.',
      hint: 'Check that the host is online, then retry the job.',
    },
    ja: {
      words: '指示の有効期限内にホストから応答がありませんでした。',
      hint: 'ホストがオンラインであることを確認してから、ジョブを再試行してください。',
    },
  },
  JOB_INTERRUPTED: {
    status: 500,
    en: {
      words: 'The job was interrupted: the host is back and shows no sign of it.',
      hint: 'Retry the job; what was transferred is not transferred again.',
    },
    ja: {
      words: 'ジョブは中断されました。ホストは復帰しましたが、このジョブは実行されていません。',
      hint: 'ジョブを再試行してください。転送済みのデータは再転送されません。',
    },
  },
  JOB_UNEXPLAINED: {
    status: 404,
    en: {
      words: 'The host reports a job {jobId} that nobody ordered and no schedule explains.',
      hint: "Look at the host's agent: its policy may be of another time or its identity copied.",
    },
    ja: {
      words: 'ホストが、指示もスケジュールもないジョブ {jobId} を報告しました。',
      hint: 'そのホストのエージェントを確認してください。ポリシーが古いか、ID が複製されている可能性があります。',
    },
  },
  JOB_NOT_OF_HOST: {
    status: 403,
    en: {
      words: 'The job {jobId} belongs to another host.',
      hint: 'Look at the host that reported it: it may be compromised.',
    },
    ja: {
      words: 'ジョブ {jobId} は別のホストのものです。',
      hint: '報告したホストを確認してください。侵害されている可能性があります。',
    },
  },
  JOBS_OPEN_TOO_MANY: {
    status: 409,
    en: {
      words: 'The host {host} already has {limit} jobs waiting.',
      hint: 'Wait until it has worked through them, or cancel some.',
    },
    ja: {
      words: 'ホスト {host} には待機中のジョブがすでに {limit} 件あります。',
      hint: '処理が進むのを待つか、いくつかを取り消してください。',
    },
  },
  JOB_HOST_NOT_ENROLLED: {
    status: 409,
    en: {
      words: 'The host {host} has no certificate, so nothing is backed up or restored there.',
      hint: 'Deploy a certificate: run agent setup on the host.',
    },
    ja: {
      words: 'ホスト {host} には証明書がないため、バックアップもリストアも行われません。',
      hint: '証明書を配備してください: そのホストで agent setup を実行します。',
    },
  },
  JOB_HOST_LEGACY: {
    status: 409,
    en: {
      words: 'The host {host} is a legacy host: it backs itself up, and nothing else can be ordered there.',
      hint: 'Upgrade it (sekisho agent upgrade on the host). To read its backups before that, grant it: sekisho legacy grant {host}, and use restic there.',
    },
    ja: {
      words: 'ホスト {host} はレガシーホストです。自身のバックアップ以外の処理は指示できません。',
      hint: 'アップグレードしてください (そのホストで sekisho agent upgrade)。アップグレード前にバックアップを読む必要がある場合は、sekisho legacy grant {host} で許可し、そのホストで restic を使ってください。',
    },
  },
  JOB_HOST_REVOKED: {
    status: 409,
    en: {
      words: 'The certificate of the host {host} is revoked, so nothing is backed up or restored there.',
      hint: 'Let the host come back with a reissue token: sekisho token create --name {host} --reissue {host}',
    },
    ja: {
      words: 'ホスト {host} の証明書は失効しているため、バックアップもリストアも行われません。',
      hint: '再発行トークンでホストを復帰させてください: sekisho token create --name {host} --reissue {host}',
    },
  },
  JOB_HOST_UNVERIFIED: {
    status: 409,
    en: {
      words:
        'The host {host} does not verify its management server until {until}, and takes no order meanwhile.',
      hint: 'Switch it on again: sekisho verification on {group}. Backups by its own schedule go on.',
    },
    ja: {
      words: 'ホスト {host} は {until} まで管理サーバーを検証しないため、その間は指示を受け付けません。',
      hint: '検証を再開してください: sekisho verification on {group}。ホスト自身のスケジュールによるバックアップは続行されます。',
    },
  },
  RUN_REPORT_HELD: {
    status: 409,
    en: {
      words:
        'No report of this run has come: the host {host} keeps its reports until it verifies its management server again ({until}).',
      hint: 'What was backed up is told then. To hear of it now: sekisho verification on {group}',
    },
    ja: {
      words:
        'この実行の報告は届いていません。ホスト {host} は、管理サーバーの検証を再開するまで ({until}) 報告を保留します。',
      hint: '実行結果は再開後に届きます。すぐに確認するには次を実行してください: sekisho verification on {group}',
    },
  },
  JOB_HOST_EXPIRED: {
    status: 409,
    en: {
      words: 'The certificate of the host {host} has expired, so nothing is backed up or restored there.',
      hint: 'Let the host come back with a reissue token: sekisho token create --name {host} --reissue {host}',
    },
    ja: {
      words: 'ホスト {host} の証明書は期限切れのため、バックアップもリストアも行われません。',
      hint: '再発行トークンでホストを復帰させてください: sekisho token create --name {host} --reissue {host}',
    },
  },
  POINT_REMOVED: {
    status: 409,
    en: {
      words: 'The recovery point {id} has been removed.',
      hint: 'Choose another one: sekisho point list',
    },
    ja: {
      words: '復旧ポイント {id} は削除済みです。',
      hint: '別の復旧ポイントを選んでください: sekisho point list',
    },
  },
  REPOSITORY_NOT_OF_PEER: {
    status: 403,
    en: {
      words: 'The repository {repository} is not kept by this media server.',
      hint: 'Look at the host that reported it: it may be compromised.',
    },
    ja: {
      words: 'リポジトリ {repository} はこのメディアサーバーのものではありません。',
      hint: '報告したホストを確認してください。侵害されている可能性があります。',
    },
  },
  REPOSITORY_PASSWORD_REFUSED: {
    status: 403,
    en: {
      words: 'The password of the repository {repository} is not released to this host.',
      hint: 'Only the owner has it, and its media server while a maintenance job is open.',
    },
    ja: {
      words: 'リポジトリ {repository} のパスワードはこのホストには渡せません。',
      hint: '受け取れるのは所有ホストと、保守ジョブの実行中のメディアサーバーだけです。',
    },
  },
  MAINTENANCE_RUNNING: {
    status: 409,
    en: {
      words: 'Maintenance of the repository {repository} is already under way.',
      hint: 'Wait for the job {jobId}.',
    },
    ja: {
      words: 'リポジトリ {repository} の保守はすでに実行中です。',
      hint: 'ジョブ {jobId} の終了を待ってください。',
    },
  },
  CHANNEL_CLONE: {
    status: 409,
    en: {
      words: 'Another agent with the same identity is connected.',
      hint: "Find the copy of this host's data folder and stop it; then deploy a new certificate to one of the two.",
    },
    ja: {
      words: '同じ ID を持つ別のエージェントが接続しています。',
      hint: 'このホストのデータフォルダーの複製を探して停止し、一方に新しい証明書を配備してください。',
    },
  },
  FRAME_MALFORMED: {
    status: 400,
    en: {
      words: 'A message on the channel is not valid: {detail}',
      hint: 'Use an agent of a version that fits the server.',
    },
    ja: {
      words: 'チャネル上のメッセージの形式が正しくありません: {detail}',
      hint: 'サーバーに合うバージョンのエージェントを使用してください。',
    },
  },
  FRAME_QUEUE_FULL: {
    status: 429,
    en: {
      words: 'The host sends messages faster than they can be handled.',
      hint: "It connects again by itself; look at the agent's log if this goes on.",
    },
    ja: {
      words: 'ホストが処理能力を超える速さでメッセージを送信しています。',
      hint: 'ホストは自動的に再接続します。続く場合はエージェントのログを確認してください。',
    },
  },
} as const satisfies ErrorTable;
