import { auditEventPages } from './audit-events.ts';
import { commandPages } from './commands.ts';
import { errorPages } from './errors.ts';
import { limitsPage } from './limits.ts';
import { metricsPages } from './metrics.ts';
import { openApiPage } from './openapi.ts';
import type { Page } from './page.ts';
import { requirementsPage } from './requirements.ts';
import { rightsPages } from './rights.ts';
import { routesPage } from './routes.ts';
import { settingsPages } from './settings.ts';

/** Every printed page of the documentation. */
export const referencePages = (root: string): Page[] => [
  ...commandPages(),
  ...errorPages(),
  ...auditEventPages(),
  ...rightsPages(),
  routesPage(),
  openApiPage(),
  limitsPage(),
  ...settingsPages(),
  ...metricsPages(),
  requirementsPage(root),
];
