const GROUP_DIGITS = 4;
const GROUPS_PER_LINE = 8;

/** 64 digits in groups of four on two lines: easier to compare by eye, and by voice. */
export function groupFingerprint(fingerprint: string): string[] {
  const groups = fingerprint.match(new RegExp(`.{1,${GROUP_DIGITS}}`, 'g')) ?? [];
  const lines: string[] = [];
  for (let at = 0; at < groups.length; at += GROUPS_PER_LINE) {
    lines.push(groups.slice(at, at + GROUPS_PER_LINE).join(' '));
  }
  return lines;
}
