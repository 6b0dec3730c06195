/** Who says something: the customer, an agent, or an agent to agents (a note). */
type Line = readonly ['customer' | 'agent' | 'note', string]

/** A ticket of the demo. */
export interface Story {
  /** Place among `CUSTOMERS`; null: the demo's customer, who can sign in. */
  by: number | null
  subject: string
  category: 'billing' | 'license' | 'bug' | 'extension' | 'feature' | 'other'
  priority?: 'low' | 'high' | 'urgent'
  daysAgo: number
  tags?: string[]
  talk: readonly Line[]
  /** Where it ends; default: where the talk leaves it. */
  end?: 'pending' | 'solved' | 'on_hold' | 'closed'
  /** Whoever answers has it; else it waits for somebody. */
  unassigned?: boolean
  score?: number
}

/** People without a login, who only have questions. */
export const CUSTOMERS = [
  'Ines Duarte',
  'Tomasz Nowak',
  'Priya Raman',
  'Jonas Lindqvist',
  'Mei Tanaka',
  'Omar Haddad',
  'Sofia Rossi',
  'Liam O’Connor',
]

export const STORIES: readonly Story[] = [
  {
    by: null,
    subject: 'White window after the update to 1.5',
    category: 'bug',
    priority: 'high',
    daysAgo: 0.3,
    tags: ['regression', 'windows'],
    talk: [
      [
        'customer',
        'Since this morning’s update I only see a **white window**. The menu is there, the editor is not.',
      ],
      ['note', 'Third one today, all on Windows with an old graphics driver. Looks like #1007.'],
      [
        'agent',
        'Sorry about that! Does it start with `devforge --disable-gpu`? And which graphics card do you have?',
      ],
      ['customer', 'With that it starts, thanks. It is an Intel UHD 620.'],
    ],
  },
  {
    by: null,
    subject: 'Invoice with our VAT number',
    category: 'billing',
    daysAgo: 3,
    talk: [
      ['customer', 'Could the invoice of last week show our VAT number? It is on our company profile now.'],
      ['agent', 'Of course. I have sent you a new one; the old one is void.'],
    ],
    end: 'solved',
    score: 5,
  },
  {
    by: null,
    subject: 'Column selection with the keyboard',
    category: 'feature',
    daysAgo: 40,
    talk: [
      ['customer', 'I would love to select columns without the mouse.'],
      ['agent', 'You can: Ctrl+Shift+Alt and the arrow keys. I have added it to the help, too.'],
    ],
    end: 'closed',
    score: 4,
  },
  {
    by: 0,
    subject: 'Too many devices, but I only have two',
    category: 'license',
    daysAgo: 0.1,
    talk: [
      ['customer', 'The editor says that my license is used on three devices. One of them I sold last year.'],
    ],
    unassigned: true,
  },
  {
    by: 1,
    subject: 'Charged twice this month',
    category: 'billing',
    priority: 'urgent',
    daysAgo: 0.4,
    tags: ['refund'],
    talk: [
      [
        'customer',
        'There are two payments of 12 EUR on my card, on the 3rd and on the 4th. I have one subscription.',
      ],
    ],
    unassigned: true,
  },
  {
    by: 2,
    subject: 'Terminal eats the first key after focus',
    category: 'bug',
    daysAgo: 1,
    tags: ['linux', 'terminal'],
    talk: [
      ['customer', 'When I click into the terminal, the first key that I press gets lost. Fedora, Wayland.'],
      ['agent', 'Thank you, I can see it here, too. We are on it.'],
      ['note', 'Reported upstream; a patch is in review.'],
    ],
    end: 'on_hold',
  },
  {
    by: 2,
    subject: 'Remote containers behind our proxy',
    category: 'bug',
    daysAgo: 2,
    tags: ['proxy', 'docker'],
    talk: [
      [
        'customer',
        'Building a remote container fails with a certificate error. Our proxy re-signs everything.',
      ],
      ['agent', 'Please set `http.systemCertificates` to true and try again. What does the log say then?'],
    ],
    end: 'pending',
  },
  {
    by: 3,
    subject: 'License for a student group',
    category: 'license',
    daysAgo: 0.2,
    talk: [
      [
        'customer',
        'We are 14 students in a course. Is there something between single licenses and the team plan?',
      ],
    ],
    unassigned: true,
  },
  {
    by: 3,
    subject: 'Font is blurry on a second monitor',
    category: 'bug',
    priority: 'low',
    daysAgo: 5,
    tags: ['macos'],
    talk: [
      ['customer', 'Text is sharp on the laptop and blurry on the external monitor.'],
      ['agent', 'Is the external monitor set to a scaled resolution? If so, choose the default one for it.'],
      ['customer', 'It was. Now it is sharp. Thank you!'],
    ],
    end: 'solved',
    score: 5,
  },
  {
    by: 4,
    subject: 'Extension "Rainbow Indent" makes typing slow',
    category: 'extension',
    daysAgo: 0.6,
    tags: ['slow'],
    talk: [
      [
        'customer',
        'With a file of 20,000 lines each key takes half a second. Without the extension all is fine.',
      ],
      [
        'agent',
        'That should not be. Could you run *Developer: Show Running Extensions* and send us the profile?',
      ],
      ['customer', 'Here is what it shows: 92 % in `decorate()` of that extension.'],
    ],
  },
  {
    by: 4,
    subject: 'Password reset mail does not arrive',
    category: 'other',
    daysAgo: 8,
    talk: [
      ['customer', 'I asked three times, nothing comes.'],
      [
        'agent',
        'Our mails to your domain were held back by your provider until noon. They should be there now.',
      ],
    ],
    end: 'solved',
  },
  {
    by: 5,
    subject: 'Renewal price is not what we agreed on',
    category: 'billing',
    priority: 'high',
    daysAgo: 1.5,
    tags: ['enterprise'],
    talk: [
      ['customer', 'Our contract says 20 seats at the old price until March.'],
      ['note', 'Contract is in the shared folder; they are right.'],
      [
        'agent',
        'You are right, and I apologize. I have asked our billing team to correct it; I come back to you tomorrow.',
      ],
    ],
    end: 'on_hold',
  },
  {
    by: 5,
    subject: 'Single sign-on with our directory',
    category: 'other',
    daysAgo: 6,
    talk: [
      ['customer', 'Is SAML planned?'],
      ['agent', 'Not yet. Would OpenID Connect do? That works today.'],
    ],
    end: 'pending',
  },
  {
    by: 6,
    subject: 'Search finds nothing in ignored folders',
    category: 'bug',
    daysAgo: 0.8,
    talk: [
      ['customer', 'Even with *Use Exclude Settings* off, files under `build/` are not found.'],
      ['agent', 'They are in your `.gitignore`: the second button beside it turns that off. Does it help?'],
    ],
    end: 'pending',
  },
  {
    by: 6,
    subject: 'Search finds nothing in ignored folders (again)',
    category: 'bug',
    daysAgo: 0.05,
    tags: ['duplicate'],
    talk: [['customer', 'I forgot to say: it is a workspace with two folders.']],
    unassigned: true,
  },
  {
    by: 7,
    subject: 'Trial ended a day early',
    category: 'license',
    daysAgo: 0.9,
    tags: ['trial'],
    talk: [
      ['customer', 'My trial was to end tomorrow, but it says it is over.'],
      ['agent', 'It ends at the hour at which it was started, UTC. I have given you three more days.'],
      ['customer', 'Perfect, thanks!'],
    ],
    end: 'solved',
    score: 5,
  },
  {
    by: 7,
    subject: 'Crash when opening a 2 GB log',
    category: 'bug',
    daysAgo: 12,
    tags: ['crash'],
    talk: [
      ['customer', 'The editor closes without a word.'],
      ['agent', 'Files above 512 MB now open read-only, in pieces, in 1.5. Could you try that?'],
    ],
    end: 'pending',
  },
  {
    by: 0,
    subject: 'Dark theme for the account page',
    category: 'feature',
    priority: 'low',
    daysAgo: 30,
    talk: [
      ['customer', 'It burns my eyes at night.'],
      ['agent', 'It follows your system’s theme since last week.'],
    ],
    end: 'closed',
    score: 5,
  },
  {
    by: 1,
    subject: 'Move a license to another account',
    category: 'license',
    daysAgo: 9,
    talk: [
      ['customer', 'My company bought it for me, and I leave. Can I take it along?'],
      ['agent', 'The license is your company’s. Its owner can transfer it: *Account → Licenses → Transfer*.'],
    ],
    end: 'solved',
    score: 3,
  },
  {
    by: 2,
    subject: 'Git: signing commits asks for the key each time',
    category: 'bug',
    daysAgo: 0.5,
    talk: [
      [
        'customer',
        'gpg-agent works in the terminal, but the editor asks for my passphrase for every commit.',
      ],
    ],
    unassigned: true,
  },
  {
    by: 3,
    subject: 'Where do settings of a profile live?',
    category: 'other',
    daysAgo: 20,
    talk: [
      ['customer', 'I want to put them under version control.'],
      ['agent', 'In `~/.config/devforge/profiles/<name>/settings.json`.'],
    ],
    end: 'closed',
  },
  {
    by: 4,
    subject: 'Refund for an extension that does not work',
    category: 'extension',
    daysAgo: 1.2,
    tags: ['refund'],
    talk: [
      ['customer', 'I bought it yesterday and it does nothing on Linux.'],
      [
        'agent',
        'I have asked its publisher, who answers within two days. If they cannot help, you get your money back.',
      ],
    ],
  },
  {
    by: 5,
    subject: 'Audit log of our team',
    category: 'feature',
    daysAgo: 4,
    talk: [['customer', 'Our auditors ask who activated which seat and when. Can we export that?']],
    unassigned: true,
  },
  {
    by: 6,
    subject: 'Receipt went to an old address',
    category: 'billing',
    daysAgo: 15,
    talk: [
      ['customer', 'Please send it again to the address of this account.'],
      ['agent', 'Done. The old address is no longer on file.'],
    ],
    end: 'solved',
  },
  {
    by: 7,
    subject: 'Keyboard shortcuts with the Bulgarian layout',
    category: 'bug',
    daysAgo: 0.7,
    tags: ['keyboard'],
    talk: [
      ['customer', 'Ctrl+Shift+P does nothing with the phonetic layout.'],
      ['note', 'Ask the keyboard team; the scan code should be used here.'],
      [
        'agent',
        'Thank you! Could you run *Developer: Toggle Keyboard Shortcuts Troubleshooting*, press it, and send what is printed?',
      ],
    ],
    end: 'pending',
  },
]

export const MACROS = [
  {
    name: 'Ask for the log',
    body: 'Hello {{customer.first_name}},\n\ncould you send us the log of a moment in which it happens (*Help → Open Logs Folder*)?\n\n{{agent.name}}',
    asNote: false,
    actions: { status: 'pending' as const, addTags: ['needs-log'] },
  },
  {
    name: 'Fixed in the newest version',
    body: 'Hello {{customer.first_name}},\n\nthis is fixed in the newest version: *Help → Check for Updates*. If it comes back, just answer here.\n\n{{agent.name}}',
    asNote: false,
    actions: { status: 'solved' as const, addTags: ['fixed'] },
  },
  {
    name: 'To billing',
    body: 'Please look at the payments of {{customer.email}}, #{{ticket.number}}.',
    asNote: true,
    actions: { queueId: 'que_billing', priority: 'high' as const },
  },
  {
    name: 'Duplicate',
    body: null,
    asNote: false,
    actions: { addTags: ['duplicate'], priority: 'low' as const },
  },
]

export const VIEWS = [
  {
    name: 'Urgent, nobody has it',
    filters: { view: 'unassigned' as const, priority: ['high' as const, 'urgent' as const] },
  },
  {
    name: 'Refunds',
    filters: { tag: 'refund', status: ['new' as const, 'open' as const, 'pending' as const] },
  },
  { name: 'Extensions, by change', filters: { category: ['extension' as const], sort: 'updated' as const } },
]
