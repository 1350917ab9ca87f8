import type { ErrorTable } from './table.ts';

/** Refusals of simulated fleets. */
export const simulateErrors = {
  SIMULATION_FILES_FEW: {
    status: 422,
    en: {
      words: '{agents} agents need about {needed} open connections and files; this process may have {limit}.',
      hint: 'Raise the limit in this shell (ulimit -n {needed}) and run it again, or simulate fewer agents.',
    },
    ja: {
      words:
        '{agents} 個のエージェントには約 {needed} 個の接続とファイルが必要ですが、このプロセスの上限は {limit} です。',
      hint: 'シェルで上限を上げて (ulimit -n {needed}) もう一度実行するか、エージェントの数を減らしてください。',
    },
  },
  HOST_SIMULATED: {
    status: 409,
    en: {
      words: '{host} is simulated (sekisho simulate): it has no files, and carries nothing out.',
      hint: 'Choose a real host.',
    },
    ja: {
      words: '{host} は sekisho simulate による仮想のホストです。ファイルを持たず、何も実行しません。',
      hint: '実在するホストを選択してください。',
    },
  },
} as const satisfies ErrorTable;
