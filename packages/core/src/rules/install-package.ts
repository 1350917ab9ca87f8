import type { ErrorCode, ErrorParams } from '../errors.ts';
import type { InstallPackage } from '../wire/documents.ts';

export type PackageJudgement =
  | { readonly allow: true }
  | { readonly allow: false; readonly code: ErrorCode; readonly params: ErrorParams };

/**
 * F-04 May this package, whose signature was verified, be installed here? For this kind of machine, not older than what is installed unless a
 * person says so, and only over a version that it can follow.
 */
export function judgePackage(
  offered: Pick<InstallPackage, 'version' | 'platform' | 'minimumVersion'>,
  here: { readonly version: string; readonly platform: string; readonly allowOlder: boolean },
): PackageJudgement {
  const { version: installed } = here;
  if (offered.platform !== here.platform)
    return refused('PACKAGE_PLATFORM_OTHER', { found: offered.platform, expected: here.platform });
  if (compareVersions(offered.version, installed) < 0 && !here.allowOlder)
    return refused('PACKAGE_OLDER', { offered: offered.version, installed });
  if (offered.minimumVersion !== null && compareVersions(installed, offered.minimumVersion) < 0)
    return refused('PACKAGE_NEEDS_NEWER', {
      offered: offered.version,
      installed,
      minimum: offered.minimumVersion,
    });
  return { allow: true };
}

/** Below zero: `a` is older. Three numbers each; what is missing is zero. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split('.').map(Number));
  for (let at = 0; at < 3; at += 1) {
    const difference = (left?.[at] ?? 0) - (right?.[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

const refused = (code: ErrorCode, params: ErrorParams): PackageJudgement => ({ allow: false, code, params });
