import { withoutQuotes } from '@devforge/server/modules/support/service/mail/quotes'
import { describe, expect, test } from 'vitest'

describe('what was written anew in a mail', () => {
  const cases: [string, string, string][] = [
    ['no quote', 'Hello\n\nWorld: 10:30', 'Hello\n\nWorld: 10:30'],
    [
      'Gmail',
      'Thanks!\n\nOn Mon, Nov 23, 2026 at 10:00 AM Support <s@e.example> wrote:\n\n> Hello\n> there',
      'Thanks!',
    ],
    [
      'Gmail, broken line',
      'Thanks!\n\nOn Mon, Nov 23, 2026 at 10:00 AM Support\n<s@e.example> wrote:\n> Hello',
      'Thanks!',
    ],
    ['no date', 'Thanks!\n\nOn Monday, Support wrote:\n> Hello', 'Thanks!'],
    ['no date, French', 'Merci\n\nLe support a écrit :\n\n> Bonjour', 'Merci'],
    ['what one wrote oneself', 'See what I wrote:\n\n1. open', 'See what I wrote:\n\n1. open'],
    ['German', 'Danke\n\nAm 23.11.2026 um 10:00 schrieb Support:\n> Hallo', 'Danke'],
    [
      'Outlook',
      'It works.\n\n________________________________\nFrom: Support\nSent: Monday\n\nHello',
      'It works.',
    ],
    [
      'Outlook without a line',
      'It works.\n\nFrom: Support <s@e.example>\nSent: Monday 10:00\nTo: Ada\n\nHello',
      'It works.',
    ],
    ['Outlook, German', 'Geht.\n\nVon: Support <s@e.example>\nGesendet: Montag\n\nHallo', 'Geht.'],
    ['original message', 'Yes\n-----Original Message-----\nHello', 'Yes'],
    ['signature', 'Yes\n-- \nAda\nCEO', 'Yes'],
    ['phone', 'Yes\n\nSent from my iPhone', 'Yes'],
    ['bare quote at the end', 'Yes\n\n> Hello\n\n> there\n', 'Yes'],
    [
      'answers between quotes stay',
      '> Which version?\n1.4\n> Which OS?\nLinux',
      '> Which version?\n1.4\n> Which OS?\nLinux',
    ],
    [
      'answers below, quote above stays',
      'On Mon 2026-11-23, S wrote:\n> Which?\n\n1.4',
      'On Mon 2026-11-23, S wrote:\n> Which?\n\n1.4',
    ],
    ['a colon is no quote', 'I did this at 10:30:\n\n1. open', 'I did this at 10:30:\n\n1. open'],
    ['Markdown rules stay', 'One\n\n---\n\nTwo', 'One\n\n---\n\nTwo'],
    ['From: in a sentence', 'From: where do I get it?', 'From: where do I get it?'],
  ]
  test.each(cases)('%s', (_, text, wanted) => {
    expect(withoutQuotes(text)).toBe(wanted)
  })

  test('hostile texts take no longer than others', () => {
    const seconds = (text: string): number => {
      const start = performance.now()
      withoutQuotes(text)
      return (performance.now() - start) / 1_000
    }
    const pieces = [
      'On ',
      '\n',
      '>',
      '> \n',
      '-',
      '_',
      'a@',
      'On a 2026\n',
      'From: a\n',
      ' ',
      '-- \n',
      '2026-11-25 a:\n',
      '*',
      ':\n',
      'Von: ',
    ]
    // A second is a thousand times what they take; what this looks for takes minutes.
    for (const piece of pieces) expect(seconds(piece.repeat(50_000 / piece.length)), piece).toBeLessThan(1)
  })
})
