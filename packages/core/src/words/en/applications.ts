/** Words of the commands about applications that move between hosts. */
const data = "the management server's data folder";
const name = 'virtual name of the application';
const host = 'name or ID of the host';

export const applicationNouns = { application: 'virtual names that move between hosts, and which hosts' };

export const applicationVerbs = {
  'application create': {
    summary: 'Map the virtual name of an application to the hosts that may carry it',
    args: { name },
    flags: {
      data,
      kind: 'what kind of application it is',
      host: 'host that may carry the name (name or ID, repeatable)',
    },
    examples: { cluster: 'A database cluster of two nodes' },
  },
  'application list': {
    summary: 'List the mappings of virtual names',
    args: {},
    flags: { data, limit: 'at most so many rows', after: 'go on after this place' },
    examples: { plain: 'Which names move between which hosts?' },
  },
  'application show': {
    summary: 'Show one mapping',
    args: { name },
    flags: { data },
    examples: { plain: 'Kind, hosts, plans' },
  },
  'application add-host': {
    summary: 'Add a host: it may carry the name, and restore what the others backed up',
    args: { name, host },
    flags: { data },
    examples: { plain: 'A third node joins the cluster' },
  },
  'application remove-host': {
    summary: 'Remove a host: what it may restore of the others ends at once',
    args: { name, host },
    flags: { data },
    examples: { plain: 'A node leaves the cluster' },
  },
  'application delete': {
    summary: 'Delete a mapping that no plan needs',
    args: { name },
    flags: { data },
    examples: { plain: 'The cluster is gone' },
  },
};

/** What they say. */
export const applications = {
  virtualName: 'Virtual name',
  kind: 'Kind',
  hosts: 'Hosts',
  plans: 'Plans',
  none: 'No virtual names are mapped.',
  grants: 'Each of these hosts may restore what the others backed up: {hosts}.',
  addQuestion: 'Let {host} restore what the other hosts of {name} backed up?',
  createQuestion: 'Map {name} to them?',
  created: '{name} is mapped to {hosts}.',
  added: '{host} may carry {name} now.',
  removed: '{host} carries {name} no longer, and may restore nothing of the others by it.',
  deletePreview:
    'The hosts of {name} ({hosts}) will restore what they backed up themselves, and nothing of the others.',
  deleteQuestion: 'Delete the mapping?',
  deleted: 'The mapping of {name} is deleted.',
};
