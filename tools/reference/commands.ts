import { fill } from '@sekisho/core/errors.ts';
import { en } from '@sekisho/core/words/en.ts';
import { ja } from '@sekisho/core/words/ja.ts';
import type { Verb } from '@sekisho/cli/verb.ts';
import { VERBS } from '@sekisho/cli/verbs.ts';
import { printedNote, table, type Page } from './page.ts';

const WORDS = { en, ja } as const;
type Language = keyof typeof WORDS;

interface VerbHelp {
  readonly summary: string;
  readonly args: Readonly<Record<string, string>>;
  readonly flags: Readonly<Record<string, string>>;
  readonly examples: Readonly<Record<string, string>>;
}

const TITLES = {
  en: { title: '# Commands', argument: 'Argument', option: 'Option', meaning: 'Meaning' },
  ja: { title: '# コマンド', argument: '引数', option: 'オプション', meaning: '意味' },
} as const;

/** Every verb with arguments, options and examples, one page per language. */
export const commandPages = (): Page[] =>
  (['en', 'ja'] as const).map((language) => ({
    path: `docs/reference/commands.${language}.md`,
    text:
      [
        TITLES[language].title,
        printedNote(language),
        ...frame(language),
        ...VERBS.map((verb) => oneVerb(verb, language)),
      ].join('\n\n') + '\n',
  }));

function frame(language: Language): string[] {
  const { help } = WORDS[language];
  return [
    help.about,
    `**${help.globalOptions}**`,
    table(
      [TITLES[language].option, TITLES[language].meaning],
      [
        ['`--json`', help.jsonFlag],
        ['`-y`, `--yes`', help.yesFlag],
        ['`-q`, `--quiet`', help.quietFlag],
        ['`-h`, `--help`', help.helpFlag],
        ['`-V`, `--version`', help.versionFlag],
      ],
    ),
    `**${help.exitCodes}**`,
    [help.exit0, help.exit1, help.exit2, help.exit3, help.exit130].map((line) => `- ${line}`).join('\n'),
  ];
}

function oneVerb(verb: Verb, language: Language): string {
  const { help } = WORDS[language];
  const words: VerbHelp = WORDS[language].verbs[verb.path];
  const usage = ['sekisho', verb.path, ...Object.values(verb.args), help.usageOptions].join(' ');
  const flags = Object.entries(verb.flags).filter(([, { hidden }]) => hidden !== true);
  return [
    `## sekisho ${verb.path}`,
    words.summary,
    `\`\`\`\n${usage}\n\`\`\``,
    ...(Object.keys(verb.args).length === 0
      ? []
      : [
          table(
            [TITLES[language].argument, TITLES[language].meaning],
            Object.entries(verb.args).map(([key, spec]) => [`\`${spec}\``, words.args[key] ?? '']),
          ),
        ]),
    ...(flags.length === 0
      ? []
      : [
          table(
            [TITLES[language].option, TITLES[language].meaning],
            flags.map(([key, flag]) => [
              `\`${flag.spec}\``,
              [
                words.flags[key] ?? '',
                ...(flag.required === true ? [help.required] : []),
                ...(flag.choices === undefined
                  ? []
                  : [fill(help.choices, { choices: flag.choices.join(', ') })]),
                ...(flag.defaultText === undefined ? [] : [fill(help.default, { value: flag.defaultText })]),
              ].join('; '),
            ]),
          ),
        ]),
    `\`\`\`\n${Object.entries(verb.examples)
      .map(([key, line]) => `# ${words.examples[key] ?? ''}\n${line}`)
      .join('\n')}\n\`\`\``,
  ].join('\n\n');
}
