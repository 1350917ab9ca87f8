import type { ErrorTable } from './table.ts';

/** Refusals of signing in, sessions, one-time links and administrators' accounts. */
export const accountErrors = {
  SIGN_IN_REQUIRED: {
    status: 401,
    en: { words: 'Nobody is signed in.', hint: 'Sign in, or send an API key: Authorization: Bearer KEY.' },
    ja: {
      words: 'サインインしていません。',
      hint: 'サインインするか、API キーを送信してください: Authorization: Bearer KEY',
    },
  },
  SESSION_EXPIRED: {
    status: 401,
    en: {
      words: 'This session has ended.',
      hint: 'Sign in again. Sessions end after a while, when the password or the roles change, and when somebody ends them.',
    },
    ja: {
      words: 'このセッションは終了しています。',
      hint: 'もう一度サインインしてください。セッションは、一定時間の経過、パスワードやロールの変更、または取り消しによって終了します。',
    },
  },
  SESSION_NEEDED: {
    status: 403,
    en: {
      words: 'This is about your own account, and no administrator is signed in here.',
      hint: 'Sign in with name and password on the administration port, then try again.',
    },
    ja: {
      words: 'これは自分のアカウントに対する操作ですが、ここではどの管理者もサインインしていません。',
      hint: '管理用ポートに名前とパスワードでサインインしてから、もう一度実行してください。',
    },
  },
  ADMINISTRATOR_DISABLED: {
    status: 403,
    en: {
      words: 'This account is disabled.',
      hint: 'Another administrator can enable it: sekisho admin enable NAME.',
    },
    ja: {
      words: 'このアカウントは無効になっています。',
      hint: '他の管理者が有効にできます: sekisho admin enable NAME',
    },
  },
  SIGN_IN_REFUSED: {
    status: 401,
    en: {
      words: 'The name or the password is wrong.',
      hint: 'Check both. An administrator can make a link for a new password: sekisho admin reset NAME.',
    },
    ja: {
      words: '名前またはパスワードが正しくありません。',
      hint: '両方を確認してください。管理者は新しいパスワードを設定するリンクを作成できます: sekisho admin reset NAME',
    },
  },
  SIGN_IN_LIMITED: {
    status: 429,
    en: {
      words: 'Too many failed sign-ins from here; try again in {retrySeconds} seconds.',
      hint: 'Wait, then try once. Other addresses are not affected, and neither is the socket on the server itself.',
    },
    ja: {
      words: 'ここからのサインインの失敗が多すぎます。{retrySeconds} 秒後にもう一度実行してください。',
      hint: '待ってから一度だけ実行してください。他のアドレスと、サーバー上のソケットには影響しません。',
    },
  },
  SIGN_IN_BUSY: {
    status: 503,
    en: {
      words: 'Too many sign-ins are under way; try again in {retrySeconds} seconds.',
      hint: 'Wait, then try again. Browsers that signed in before are served first.',
    },
    ja: {
      words: '処理中のサインインが多すぎます。{retrySeconds} 秒後にもう一度実行してください。',
      hint: '待ってからもう一度実行してください。以前にサインインしたブラウザーは優先されます。',
    },
  },
  SIGN_IN_STEP_EXPIRED: {
    status: 401,
    en: {
      words: 'This sign-in has taken too long, or its step was used already.',
      hint: 'Begin again with name and password.',
    },
    ja: {
      words: 'このサインインは時間切れになったか、この手順が既に使用されています。',
      hint: '名前とパスワードの入力からやり直してください。',
    },
  },
  TOTP_REFUSED: {
    status: 401,
    en: {
      words: 'The six-digit code is wrong.',
      hint: 'Type the code that the app shows now for this server.',
    },
    ja: {
      words: '6 桁のコードが正しくありません。',
      hint: 'このサーバー用にアプリが現在表示しているコードを入力してください。',
    },
  },
  TOTP_REPLAYED: {
    status: 401,
    en: {
      words: 'This six-digit code was used already.',
      hint: 'Wait until the app shows the next one: no code works twice.',
    },
    ja: {
      words: 'この 6 桁のコードは既に使用されています。',
      hint: 'アプリに次のコードが表示されるまで待ってください。同じコードは 2 回使用できません。',
    },
  },
  TOTP_CLOCK_DRIFT: {
    status: 401,
    en: {
      words: 'This six-digit code belongs to another time.',
      hint: "Set the clocks of the device with the app and of the server by the network's time, then type the code shown then.",
    },
    ja: {
      words: 'この 6 桁のコードは別の時刻のものです。',
      hint: 'アプリのある機器とサーバーの時計をネットワークの時刻に合わせてから、その時に表示されるコードを入力してください。',
    },
  },
  LINK_UNKNOWN: {
    status: 404,
    en: {
      words: 'This one-time link is not known.',
      hint: 'Copy it whole, and take the newest: each new link ends the earlier one. On the server: sekisho admin link, or sekisho admin reset NAME.',
    },
    ja: {
      words: 'このワンタイムリンクは登録されていません。',
      hint: 'リンク全体をコピーし、最新のものを使用してください。新しいリンクを作成すると以前のリンクは無効になります。サーバー上での作成: sekisho admin link または sekisho admin reset NAME',
    },
  },
  LINK_USED: {
    status: 409,
    en: {
      words: 'This one-time link was used already.',
      hint: 'If it was not you, tell the other administrators at once, and look into sekisho audit list. A new link: sekisho admin reset NAME.',
    },
    ja: {
      words: 'このワンタイムリンクは既に使用されています。',
      hint: '心当たりがない場合は、すぐに他の管理者に知らせ、sekisho audit list を確認してください。新しいリンクの作成: sekisho admin reset NAME',
    },
  },
  LINK_EXPIRED: {
    status: 409,
    en: {
      words: 'This one-time link has expired.',
      hint: 'Have a new one made on the server: sekisho admin link for the first administrator, else sekisho admin reset NAME.',
    },
    ja: {
      words: 'このワンタイムリンクは有効期限が切れています。',
      hint: 'サーバー上で新しいリンクを作成してください。最初の管理者の場合: sekisho admin link、それ以外: sekisho admin reset NAME',
    },
  },
  FIRST_ADMINISTRATOR_EXISTS: {
    status: 409,
    en: {
      words: 'This domain has an administrator already.',
      hint: 'Make another with sekisho admin create, or a link for a new password with sekisho admin reset NAME.',
    },
    ja: {
      words: 'このドメインには既に管理者がいます。',
      hint: '管理者の追加は sekisho admin create、新しいパスワード用のリンクは sekisho admin reset NAME で作成してください。',
    },
  },
  LOCAL_SOCKET_ONLY: {
    status: 403,
    en: {
      words: "This works only on the server's own socket.",
      hint: 'Run the command on the machine of the management server.',
    },
    ja: {
      words: 'この操作はサーバー自身のソケットでのみ実行できます。',
      hint: '管理サーバーのマシン上でコマンドを実行してください。',
    },
  },
  PASSWORD_TOO_SHORT: {
    status: 400,
    en: {
      words: 'The password is shorter than {min} characters.',
      hint: 'Several words with blanks between them are good; digits and signs are not asked for.',
    },
    ja: {
      words: 'パスワードが {min} 文字より短いです。',
      hint: '空白で区切った複数の単語をお勧めします。数字や記号は必須ではありません。',
    },
  },
  PASSWORD_LIKE_NAME: {
    status: 400,
    en: {
      words: 'The password is little more than the name, or one thing repeated.',
      hint: 'Choose one that nobody guesses who knows your name.',
    },
    ja: {
      words: 'パスワードが名前とほとんど同じか、同じ文字の繰り返しです。',
      hint: '名前を知っている人にも推測できないものにしてください。',
    },
  },
  ADMINISTRATOR_NAME_INVALID: {
    status: 400,
    en: {
      words: '"{name}" cannot be a name to sign in with.',
      hint: 'Use letters a to z, digits, and . _ - @ after the first one; for example: head.office. Names such as "local" are reserved.',
    },
    ja: {
      words: '"{name}" はサインイン名として使用できません。',
      hint: '英小文字と数字、2 文字目以降は . _ - @ も使用できます (例: head.office)。"local" などの名前は予約されています。',
    },
  },
  ADMINISTRATOR_NAME_TAKEN: {
    status: 409,
    en: {
      words: 'There is an administrator {name} already.',
      hint: 'Choose another name; a disabled administrator keeps theirs.',
    },
    ja: {
      words: '管理者 {name} は既に存在します。',
      hint: '別の名前にしてください。無効にした管理者の名前も引き続き使用中です。',
    },
  },
  ADMINISTRATOR_UNKNOWN: {
    status: 404,
    en: {
      words: 'There is no administrator {given}.',
      hint: 'See who there is: sekisho admin list',
    },
    ja: { words: '管理者 {given} は存在しません。', hint: '一覧を確認してください: sekisho admin list' },
  },
  ADMINISTRATORS_TOO_MANY: {
    status: 409,
    en: {
      words: 'There are {limit} administrators already.',
      hint: 'That is the limit, disabled ones included; enable or reset accounts that exist: sekisho admin list.',
    },
    ja: {
      words: '管理者は既に {limit} 人います。',
      hint: '無効な管理者を含めた上限です。既存のアカウントを有効化またはリセットしてください: sekisho admin list',
    },
  },
  LAST_ADMINISTRATOR: {
    status: 409,
    en: {
      words: '{name} is the last one who can administer the whole domain.',
      hint: 'Give another active administrator the role "administrator" for the whole domain first.',
    },
    ja: {
      words: '{name} はドメイン全体を管理できる最後の管理者です。',
      hint: '先に、他の有効な管理者にドメイン全体の "administrator" ロールを与えてください。',
    },
  },
  OWN_GRANTS: {
    status: 403,
    en: {
      words: 'Nobody changes their own roles.',
      hint: 'Ask another administrator.',
    },
    ja: { words: '自分のロールは変更できません。', hint: '他の管理者に依頼してください。' },
  },
  CROSS_SITE_REFUSED: {
    status: 403,
    en: {
      words: 'This request came from another website, or does not say where it came from.',
      hint: 'Use the console of this server. A program with a session sends the header Sec-Fetch-Site: same-origin, or better an API key.',
    },
    ja: {
      words: 'この要求は別の Web サイトから送信されたか、送信元が示されていません。',
      hint: 'このサーバーのコンソールを使用してください。プログラムからセッションを使用する場合はヘッダー Sec-Fetch-Site: same-origin を送信するか、API キーを使用してください。',
    },
  },
  HOST_HEADER_UNKNOWN: {
    status: 421,
    en: {
      words: 'This server does not answer under the name "{host}".',
      hint: 'Use one of its addresses (sekisho server status shows them); more are added to "addresses" in server.json.',
    },
    ja: {
      words: 'このサーバーは "{host}" という名前では応答しません。',
      hint: 'サーバーのアドレスを使用してください (sekisho server status で確認できます)。アドレスは server.json の "addresses" に追加できます。',
    },
  },
  CONTENT_TYPE_REFUSED: {
    status: 415,
    en: {
      words: 'The body of this request is not declared as JSON.',
      hint: 'Send the header Content-Type: application/json.',
    },
    ja: {
      words: '要求の本文が JSON として宣言されていません。',
      hint: 'ヘッダー Content-Type: application/json を送信してください。',
    },
  },
} as const satisfies ErrorTable;
