import { AUDIT_CATEGORIES, AUDIT_EVENTS, type AuditEvent } from '@sekisho/core/audit-events.ts';
import { printedNote, table, type Page } from './page.ts';

const WORDS = {
  en: {
    title: '# Audit events',
    intro:
      'Every act that the audit log knows, with the words that lists show. `security` marks acts that decide who is trusted, who may do what, who sees what, or what is lost; the others are day-to-day work and are written all the same. `{subject}` is what the act was done to.',
    head: ['Act', 'Words', 'Kind'],
    security: 'security',
    operation: 'operation',
  },
  ja: {
    title: '# 監査イベント',
    intro:
      '監査ログに記録されるすべての操作と、一覧に表示される説明です。「セキュリティ」は、誰を信頼するか、誰に何を許すか、誰に何が見えるか、何が失われるかを決める操作です。それ以外は日常の運用ですが、同じように記録されます。`{subject}` は操作の対象です。',
    head: ['操作', '説明', '種別'],
    security: 'セキュリティ',
    operation: '運用',
  },
} as const;

/** All audit events by category, one page per language. */
export const auditEventPages = (): Page[] =>
  (['en', 'ja'] as const).map((language) => {
    const words = WORDS[language];
    const events: [string, AuditEvent][] = Object.entries(AUDIT_EVENTS);
    return {
      path: `docs/reference/audit-events.${language}.md`,
      text:
        [
          words.title,
          printedNote(language),
          words.intro,
          ...Object.entries(AUDIT_CATEGORIES).flatMap(([category, name]) => {
            const rows = events
              .filter(([, event]) => event.category === category)
              .map(([act, event]) => [
                `\`${act}\``,
                event[language],
                event.security ? words.security : words.operation,
              ]);
            return rows.length === 0 ? [] : [`## ${category}: ${name[language]}`, table(words.head, rows)];
          }),
        ].join('\n\n') + '\n',
    };
  });
