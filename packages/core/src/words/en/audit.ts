/** Words of the commands of the audit log. */
const data = "the management server's data folder";

export const auditVerbs = {
  'audit list': {
    summary: 'List the audit log, the newest first',
    args: {},
    flags: {
      data,
      limit: 'at most so many rows',
      before: 'begin before this number',
      category: 'only this category',
      act: 'only this act',
      actor: 'only what this administrator, host or key did',
      origin: 'only from this address',
      subject: 'only what was done to this',
      outcome: 'only what was done, or only what was refused',
      since: 'only what is no older than this, as 24h',
      until: 'only what is older than this, as 1h',
    },
    examples: { plain: 'Who did what', refused: 'What was refused in the last day' },
  },
  'audit show': {
    summary: 'Show one row of the audit log with its detail',
    args: { seq: 'number of the row' },
    flags: { data, proof: 'also the proof that the signed checkpoint covers the row' },
    examples: { plain: 'What exactly was changed?', proof: 'With its proof' },
  },
  'audit verify': {
    summary: 'Prove that no row of the audit log was changed, removed or inserted',
    args: {},
    flags: {
      data,
      caFingerprint: 'CA fingerprint of the domain; what the server says is believed when omitted',
      checkpoint: 'file with a checkpoint that was kept elsewhere: the log must continue it',
      file: 'an export in place of a server',
      save: 'write the newest checkpoint, once proved, into this file',
    },
    examples: {
      plain: 'Prove the log of this server',
      kept: 'Prove that it continues what was there last time, and keep the new checkpoint',
      offline: 'Prove an export on another machine',
    },
  },
  'audit export': {
    summary: 'Write the whole audit log into a file',
    args: {},
    flags: {
      data,
      format: 'jsonl, which "audit verify --file" proves, or csv for spreadsheets',
      out: 'file to be made; - is standard output',
      bom: 'begin the CSV with a byte order mark, for Excel',
    },
    examples: { plain: 'Keep the log elsewhere, with its proof', excel: 'For a spreadsheet' },
  },
  'audit key': {
    summary: 'Show the public key that verifies checkpoints of the audit log',
    args: {},
    flags: { data },
    examples: { plain: 'For a tool that watches the checkpoints' },
  },
};

/** What they say. */
export const audit = {
  progress: '{done} of {total} rows',
  proved: 'Proved: {size} rows are what was signed.',
  newer: '{rows} newer rows are not under a checkpoint yet.',
  continues: 'The log continues the checkpoint of {file}.',
  believed:
    'The CA fingerprint is what the server says: {fingerprint}. Compare it, or give --ca-fingerprint.',
  saved: 'The checkpoint is in {file}: keep it away from the server.',
  exported: '{rows} rows are in {file}.',
  more: 'and {rows} more findings',
  notCovered: 'not under a checkpoint yet',
  labels: {
    origin: 'Log',
    key: 'Verifier key',
    fingerprint: 'CA fingerprint',
    root: 'Root hash',
    size: 'Rows',
    what: 'What',
    words: 'Words',
    detail: 'Detail',
    leaf: 'Leaf hash',
    proof: 'Proof',
    checkpoint: 'Checkpoint',
  },
  findings: {
    changed: 'the row was changed',
    removed: 'the row was removed',
    inserted: 'the row was inserted: the program did not write it',
    moved: 'the row is out of order',
    cut: 'the log ends here, before its checkpoint',
    tree: 'the stored hashes were changed, from this row on',
    rewritten: 'from this row on it is not the log that was signed earlier',
  },
};
