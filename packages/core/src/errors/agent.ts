import type { ErrorTable } from './table.ts';

/** Refusals of the agent part. */
export const agentErrors = {
  SCHEDULE_CRON_INVALID: {
    status: 422,
    en: {
      words: 'The schedule "{cron}" is not a cron expression of five fields.',
      hint: 'Write minute, hour, day of month, month and day of week, such as "30 2 * * 1-5".',
    },
    ja: {
      words: 'スケジュール「{cron}」は 5 つのフィールドからなる cron 式ではありません。',
      hint: '分、時、日、月、曜日の順に指定してください。例: "30 2 * * 1-5"',
    },
  },
  SCHEDULE_TIME_ZONE_UNKNOWN: {
    status: 422,
    en: {
      words: 'There is no time zone {timeZone}.',
      hint: 'Use a name of the IANA database, such as Asia/Tokyo or Europe/Berlin.',
    },
    ja: {
      words: 'タイムゾーン {timeZone} は存在しません。',
      hint: 'Asia/Tokyo や Europe/Berlin のような IANA の名前を指定してください。',
    },
  },
  SCHEDULE_NEVER_RUNS: {
    status: 422,
    en: {
      words: 'The schedule "{cron}" names a time that never comes.',
      hint: 'Check day of month and month: 31 February, for one, does not exist.',
    },
    ja: {
      words: 'スケジュール「{cron}」の時刻は決して来ません。',
      hint: '日と月を確認してください。たとえば 2 月 31 日は存在しません。',
    },
  },
  PEER_CRL_STALE: {
    status: 403,
    en: {
      words:
        'Whether the certificate of {subject} is revoked cannot be told: the CRL ran out at {nextUpdate}.',
      hint: 'Check that this host reaches the management server on its plain-HTTP port (8014); the security level asks for a fresh CRL.',
    },
    ja: {
      words:
        '{subject} の証明書が失効しているか確認できません。証明書失効リストの期限が {nextUpdate} に切れています。',
      hint: 'このホストから管理サーバーの HTTP ポート (8014) に接続できることを確認してください。現在のセキュリティレベルでは新しい CRL が必要です。',
    },
  },
  CA_FINGERPRINT_INVALID: {
    status: 400,
    en: {
      words: 'This is not a CA fingerprint: it must be 64 hexadecimal digits.',
      hint: 'Copy it whole from the management server: sekisho server fingerprint. Colons and spaces may stay in.',
    },
    ja: {
      words: 'CA 指紋の形式が正しくありません。64 桁の 16 進数である必要があります。',
      hint: '管理サーバーに表示される指紋全体をコピーしてください (sekisho server fingerprint)。コロンや空白は含まれていてもかまいません。',
    },
  },
  CA_FINGERPRINT_MISMATCH: {
    status: 403,
    en: {
      words:
        'The CA fingerprint of {server} is {found}, not the expected {expected}. Nothing was changed here.',
      hint: 'Compare it with the one your administrator gave you. If that one is right, another machine answers at this address: do not go on.',
    },
    ja: {
      words:
        '{server} の CA 指紋は {found} で、指定された {expected} と一致しません。このホストには何も変更を加えていません。',
      hint: '管理者から受け取った指紋と比べてください。それが正しい場合は別のマシンが応答しているため、続行しないでください。',
    },
  },
  CA_ROOT_COMPROMISED: {
    status: 403,
    en: {
      words:
        '{server} says that the CA with the fingerprint {expected} was given up because its key was stolen or lost. Nothing was changed here.',
      hint: 'Ask your administrator for the fingerprint of today, by another way than this server: sekisho server fingerprint, on the management server, shows it.',
    },
    ja: {
      words:
        '{server} によると、CA 指紋 {expected} の CA は、鍵の盗難または紛失のため廃止されています。このホストには何も変更を加えていません。',
      hint: '現在の CA 指紋を、このサーバー以外の経路で管理者に確認してください (管理サーバー上で sekisho server fingerprint を実行すると表示されます)。',
    },
  },
  CA_LINKS_LEAD_NOWHERE: {
    status: 403,
    en: {
      words:
        'The fingerprint {expected} is that of an earlier CA, and nothing that its key signed leads from there to the CA of {server}. Nothing was changed here.',
      hint: 'Ask your administrator for the fingerprint of today, by another way than this server. If the CA was never changed, another machine answers at this address: do not go on.',
    },
    ja: {
      words:
        '指紋 {expected} は以前の CA のものですが、その CA の鍵で署名されたリンクをたどっても {server} の CA に到達しません。このホストには何も変更を加えていません。',
      hint: '現在の CA 指紋を、このサーバー以外の経路で管理者に確認してください。CA を更新したことがない場合は、別のマシンが応答しているため、続行しないでください。',
    },
  },
  CA_NOT_CONFIRMED: {
    status: 403,
    en: {
      words: 'The CA fingerprint of {server} was not confirmed. Nothing was changed here.',
      hint: 'Ask your administrator for the fingerprint, then run the setup again with --ca-fingerprint.',
    },
    ja: {
      words: '{server} の CA 指紋が確認されませんでした。このホストには何も変更を加えていません。',
      hint: '管理者に指紋を問い合わせ、--ca-fingerprint を付けてもう一度セットアップしてください。',
    },
  },
  CA_NOT_OFFERED: {
    status: 502,
    en: {
      words: '{server} did not offer a CA certificate.',
      hint: 'Check the address and the port (13000): is this a Sekisho management server?',
    },
    ja: {
      words: '{server} から CA 証明書を取得できませんでした。',
      hint: 'アドレスとポート (13000) が Sekisho の管理サーバーのものか確認してください。',
    },
  },
  SERVER_UNREACHABLE: {
    status: 502,
    en: {
      words: 'The management server {server} cannot be reached: {detail}.',
      hint: 'Check the address, the network and the firewall, and that the server runs. A running agent tries again by itself.',
    },
    ja: {
      words: '管理サーバー {server} に接続できません: {detail}',
      hint: 'アドレス、ネットワーク、ファイアウォールと、サーバーが動作していることを確認してください。実行中のエージェントは自動的に再試行します。',
    },
  },
  SERVER_REPLY_UNUSABLE: {
    status: 502,
    en: {
      words: 'The reply of {server} cannot be used: {detail}.',
      hint: 'Check that agent and server are of versions that fit each other.',
    },
    ja: {
      words: '{server} の応答を処理できません: {detail}',
      hint: 'エージェントとサーバーのバージョンが合っていることを確認してください。',
    },
  },
  AGENT_ALREADY_SET_UP: {
    status: 409,
    en: {
      words: 'This host already has the host ID {hostId}.',
      hint: 'To replace its certificate ask for a reissue token and run: sekisho agent setup --reissue. To renew: sekisho agent renew.',
    },
    ja: {
      words: 'このホストには既にホスト ID {hostId} があります。',
      hint: '証明書を置き換えるには再発行トークンを用意して sekisho agent setup --reissue を、更新するには sekisho agent renew を実行してください。',
    },
  },
  AGENT_NOT_SET_UP: {
    status: 409,
    en: {
      words: 'No agent is set up in {folder}.',
      hint: 'Set it up: sekisho agent setup --data {folder} --server ADDRESS',
    },
    ja: {
      words: '{folder} にエージェントがセットアップされていません。',
      hint: 'セットアップしてください: sekisho agent setup --data {folder} --server アドレス',
    },
  },
  AGENT_NOT_DEPLOYED: {
    status: 409,
    en: {
      words: 'This host has no certificate, so it cannot communicate: no backup or restore runs.',
      hint: 'Complete the deployment: {command}',
    },
    ja: {
      words:
        'このホストには証明書が配備されていないため通信できません。バックアップもリストアも行われません。',
      hint: '配備を完了してください: {command}',
    },
  },
  CERTIFICATE_SKIPPED: {
    status: 409,
    en: {
      words: 'The certificate was not deployed: setup was run with --skip-certificate.',
      hint: 'Complete the deployment when the CA fingerprint is known.',
    },
    ja: {
      words: '--skip-certificate を付けてセットアップされたため、証明書は配備されていません。',
      hint: 'CA 指紋が分かったら配備を完了してください。',
    },
  },
  CERTIFICATE_EXPIRED: {
    status: 403,
    en: {
      words: 'The certificate of this host expired at {notAfter}.',
      hint: 'Ask an administrator for a reissue token, then run: {command}',
    },
    ja: {
      words: 'このホストの証明書は {notAfter} に期限が切れました。',
      hint: '管理者に再発行トークンを依頼し、次を実行してください: {command}',
    },
  },
  CERTIFICATE_REPLY_WRONG: {
    status: 502,
    en: {
      words: 'The certificate that the server sent does not fit the request: {detail}.',
      hint: 'Nothing was changed. Run the setup again; if this stays, look at the log of the server.',
    },
    ja: {
      words: 'サーバーが返した証明書が要求と合いません: {detail}',
      hint: '変更は行われていません。もう一度セットアップし、続く場合はサーバーのログを確認してください。',
    },
  },
  AGENT_SETTINGS_INVALID: {
    status: 500,
    en: {
      words: 'The settings of the agent are not valid: {detail}',
      hint: 'Correct the named keys in {path}, the environment or the flags. If the file is lost: restore it, or set the agent up again with --reissue: the host keeps its host ID.',
    },
    ja: {
      words: 'エージェントの設定が正しくありません: {detail}',
      hint: '{path}、環境変数、またはフラグの該当するキーを修正してください。ファイルが失われた場合は、復元するか、--reissue を付けてもう一度セットアップしてください。ホスト ID は変わりません。',
    },
  },
  AGENT_ANCHORS_UNREADABLE: {
    status: 500,
    en: {
      words: 'The trusted CA certificates in {path} cannot be read.',
      hint: 'Restore the file, or set the agent up again with --reissue.',
    },
    ja: {
      words: '信頼する CA 証明書 {path} を読み取れません。',
      hint: 'ファイルを復元するか、--reissue を付けてもう一度セットアップしてください。',
    },
  },
  AGENT_IDENTITY_UNREADABLE: {
    status: 500,
    en: {
      words: 'The certificate or the key of this host cannot be used: {path}.',
      hint: 'Ask an administrator for a reissue token and set the agent up again with --reissue.',
    },
    ja: {
      words: 'このホストの証明書または鍵を使用できません: {path}',
      hint: '管理者に再発行トークンを依頼し、--reissue を付けてもう一度セットアップしてください。',
    },
  },
  AGENT_ALREADY_RUNNING: {
    status: 409,
    en: {
      words: 'An agent already runs in {folder}.',
      hint: 'Stop it first, or look at it: sekisho agent status --data {folder}',
    },
    ja: {
      words: '{folder} では既にエージェントが動作しています。',
      hint: '先に停止するか、状態を確認してください: sekisho agent status --data {folder}',
    },
  },
  AGENT_NOT_RUNNING: {
    status: 503,
    en: {
      words: 'No agent runs in {folder}.',
      hint: 'Start it: sekisho agent run --data {folder}',
    },
    ja: {
      words: '{folder} でエージェントが動作していません。',
      hint: '起動してください: sekisho agent run --data {folder}',
    },
  },
  SPOOL_FULL: {
    status: 507,
    en: {
      words: '{limit} reports already wait for the management server; nothing more is taken.',
      hint: 'Bring the connection to the management server back; they are sent by themselves.',
    },
    ja: {
      words: '管理サーバーへの報告が上限の {limit} 件待機しているため、これ以上受け付けられません。',
      hint: '管理サーバーへの接続を回復してください。報告は自動的に送信されます。',
    },
  },
  ORDER_NOT_FOR_HOST: {
    status: 403,
    en: {
      words: 'The order is meant for another host ({hostId}).',
      hint: 'Look at the management server that sent it.',
    },
    ja: {
      words: 'この指示は別のホスト ({hostId}) 宛てです。',
      hint: '送信元の管理サーバーを確認してください。',
    },
  },
  ORDER_EXPIRED: {
    status: 403,
    en: {
      words: 'The order ran out at {expiresAt}, before it arrived.',
      hint: 'Give it again; check the clocks of server and host if this stays.',
    },
    ja: {
      words: '指示は到着前に期限切れになりました ({expiresAt})。',
      hint: 'もう一度指示してください。続く場合はサーバーとホストの時計を確認してください。',
    },
  },
  ORDER_PLAN_UNKNOWN: {
    status: 404,
    en: {
      words: "This host's policy has no plan {planId}.",
      hint: 'Wait until the host has fetched the newest policy, then retry the job.',
    },
    ja: {
      words: 'このホストのポリシーにプラン {planId} がありません。',
      hint: 'ホストが最新のポリシーを取得してから、ジョブを再試行してください。',
    },
  },
  ORDER_ROLE_MISSING: {
    status: 409,
    en: {
      words: 'This host is not a media server.',
      hint: 'Give it the role: sekisho host media',
    },
    ja: {
      words: 'このホストはメディアサーバーではありません。',
      hint: '役割を与えてください: sekisho host media',
    },
  },
  JOB_QUEUE_FULL: {
    status: 429,
    en: {
      words: '{limit} jobs already wait on this host.',
      hint: 'Wait until they have run, or cancel some.',
    },
    ja: {
      words: 'このホストでは既に {limit} 件のジョブが待機しています。',
      hint: '終了を待つか、一部を取り消してください。',
    },
  },
  JOB_WINDOW_MISSED: {
    status: 409,
    en: {
      words: 'The run could not start within its window.',
      hint: 'Look at what ran at that time; a longer window or another time helps.',
    },
    ja: {
      words: '開始できる時間帯に実行を開始できませんでした。',
      hint: 'その時間に実行中だったものを確認してください。時間帯を広げるか、時刻を変えてください。',
    },
  },
  JOB_AGENT_STOPPED: {
    status: 503,
    en: {
      words: 'The agent was stopped while the job ran.',
      hint: 'Retry the job; what was transferred is not transferred again.',
    },
    ja: {
      words: 'ジョブの実行中にエージェントが停止されました。',
      hint: 'ジョブを再試行してください。転送済みのデータは再転送されません。',
    },
  },
  REPOSITORY_UNASSIGNED: {
    status: 409,
    en: {
      words: 'This host has no open repository on the media servers of the plan.',
      hint: 'Wait until the host has fetched its assignment, then retry the job.',
    },
    ja: {
      words: 'プランのメディアサーバー上に、このホストが使えるリポジトリがありません。',
      hint: 'ホストが最新の割り当てを取得してから、ジョブを再試行してください。',
    },
  },
  MEDIA_SERVER_UNKNOWN: {
    status: 409,
    en: {
      words: "This host's policy does not say where the media server {hostId} is.",
      hint: 'Check that the media server has the role and an address: sekisho host list',
    },
    ja: {
      words: 'このホストのポリシーにメディアサーバー {hostId} の接続先がありません。',
      hint: 'メディアサーバーの役割とアドレスを確認してください: sekisho host list',
    },
  },
  MEDIA_SERVER_UNREACHABLE: {
    status: 502,
    en: {
      words: 'The media server {name} cannot be reached: {detail}.',
      hint: 'Check that its agent runs and that its port (13002) is open from this host.',
    },
    ja: {
      words: 'メディアサーバー {name} に接続できません: {detail}',
      hint: 'エージェントが動作し、このホストからポート (13002) に接続できることを確認してください。',
    },
  },
  PLAN_PATHS_MISSING: {
    status: 404,
    en: {
      words: 'None of the paths of the plan exists on this host: {path}',
      hint: 'Correct the paths of the plan, or mount what is missing.',
    },
    ja: {
      words: 'プランのパスがこのホストに 1 つもありません: {path}',
      hint: 'プランのパスを修正するか、必要なファイルシステムをマウントしてください。',
    },
  },
  COMMANDS_NOT_ALLOWED: {
    status: 403,
    en: {
      words: 'The plan has commands to run before or after, and this host does not allow them.',
      hint: 'Allow them on the host itself: sekisho agent set --allow-commands on',
    },
    ja: {
      words: 'プランに前後のコマンドがありますが、このホストでは許可されていません。',
      hint: 'ホスト自身で許可してください: sekisho agent set --allow-commands on',
    },
  },
  COMMAND_FAILED: {
    status: 500,
    en: {
      words: 'The {which} command of the plan failed ({detail}).',
      hint: 'Its output is in the log of the job.',
    },
    ja: {
      words: 'プランの{which}のコマンドが失敗しました ({detail})。',
      hint: '出力はジョブのログにあります。',
    },
  },
  REPOSITORY_LOCKED: {
    status: 409,
    en: {
      words: 'The repository is locked by other work.',
      hint: 'Wait for the end of the maintenance or backup that runs there, then retry.',
    },
    ja: {
      words: 'リポジトリは別の処理によってロックされています。',
      hint: '実行中の保守またはバックアップの終了を待ってから、再試行してください。',
    },
  },
  REPOSITORY_PASSWORD_WRONG: {
    status: 500,
    en: {
      words: 'The repository does not open with the password that the management server keeps for it.',
      hint: 'The repository may be of another time; look at it before anything is removed.',
    },
    ja: {
      words: '管理サーバーが保管するパスワードでリポジトリを開けません。',
      hint: '別の時期のリポジトリの可能性があります。削除する前に内容を確認してください。',
    },
  },
  POINT_PATH_MISSING: {
    status: 404,
    en: {
      words: 'The recovery point does not contain {path}.',
      hint: 'Look into the recovery point: sekisho point browse POINT',
    },
    ja: {
      words: '復旧ポイントに {path} が含まれていません。',
      hint: '復旧ポイントの内容を確認してください: sekisho point browse POINT',
    },
  },
  RESTORE_TARGET_UNUSABLE: {
    status: 409,
    en: {
      words: 'Nothing can be restored to {path}: {detail}.',
      hint: 'Choose a folder that the agent may write and that is not a link.',
    },
    ja: {
      words: '{path} にリストアできません: {detail}',
      hint: 'エージェントが書き込め、リンクではないフォルダーを指定してください。',
    },
  },
} as const satisfies ErrorTable;
