import type { Sql } from '@devforge/db'

/** A word that was typed, or one that may stand for it. */
export interface AskedWord {
  word: string
  /** Which of the typed words it is, or stands for. */
  group: number
  kind: 'typed' | 'synonym'
}

/** A stem of the index that a group may mean. */
export interface KnownStem {
  group: number
  kind: 'typed' | 'synonym' | 'beginning' | 'similar'
  locale: string
  stem: string
  /** The word that was found instead, for those that are misspelt. */
  word: string | null
  /** Articles that the reader may see with it; for the group -1, all of them. */
  documents: number
}

const COUNTS = ['public_count', 'customer_count', 'agent_count'] as const

/** Beginnings stand for so many stems, the commonest ones. */
const BEGINNINGS = 24
/** So many words that share trigrams with an unknown one are looked at more closely. */
const SIMILAR = 16
/** Of so many unknown words: a text in a language that there are no articles in has no others, and each costs some milliseconds. */
const LOOKED_AT_CLOSELY = 6
/** Shorter ones are as near to one another as to their misspellings. */
const MIN_SIMILAR_LENGTH = 4

/**
 * What the words of a search may mean, in one statement: their stems in each language, words that begin with the last, and words that
 * share trigrams with those that no article has. Each count is of what the reader may see.
 */
const statement = (count: (typeof COUNTS)[number], audience: number): string => `
with asked as (
  select a.word, a.grp, a.kind, l.locale, coalesce((ts_lexize(l.dictionary::regdictionary, a.word))[1], '') as stem
  from unnest($1::text[], $2::int[], $3::text[]) a(word, grp, kind),
    unnest($5::text[], $6::text[]) l(locale, dictionary)
),
known as materialized (
  select a.grp, a.kind, a.locale, a.stem, (
    select coalesce(max(w.${count}), 0) from article_words w where w.locale = a.locale and w.stem = a.stem
  ) as documents
  from asked a where a.stem <> ''
)
select grp as "group", kind, locale, stem, null as word, documents from known
union all
select -1, 'typed', w.locale, '', null, w.${count}
from article_words w where w.locale = any($5::text[]) and w.word = ''
union all
select a.grp, 'beginning', a.locale, w.stem, w.word, w.documents
from asked a, lateral (
  select max(word) as word, stem, max(${count}) as documents from article_words
  where locale = a.locale and word ~>=~ a.word and word ~<~ (a.word || U&'\\+10FFFF') and ${count} > 0
  group by stem order by max(${count}) desc limit ${BEGINNINGS}
) w
where a.kind = 'typed' and a.grp = $4::int and length(a.word) >= 2
union all
select a.grp, 'similar', a.locale, w.stem, w.word, w.documents
from (
    select distinct u.grp, u.word, u.locale from asked u
    where u.kind = 'typed' and length(u.word) >= ${MIN_SIMILAR_LENGTH}
      and not exists (select from known k where k.grp = u.grp and k.documents > 0)
    order by u.grp, u.word, u.locale limit ${LOOKED_AT_CLOSELY}
  ) a,
  lateral (
    select word, stem, ${count} as documents from similar_article_words(a.locale, a.word, ${SIMILAR}, ${audience})
  ) w`

const STATEMENTS = COUNTS.map(statement)

export async function understandWords(
  sql: Sql,
  {
    asked,
    open,
    languages,
    audience,
  }: {
    asked: AskedWord[]
    /** The group of the word that may go on. */
    open: number | null
    languages: { locale: string; dictionary: string }[]
    audience: number
  },
): Promise<KnownStem[]> {
  return sql.unsafe<KnownStem[]>(
    STATEMENTS[audience] ?? STATEMENTS[0] ?? '',
    [
      asked.map(({ word }) => word),
      asked.map(({ group }) => group),
      asked.map(({ kind }) => kind),
      open ?? -1,
      languages.map(({ locale }) => locale),
      languages.map(({ dictionary }) => dictionary),
    ],
    { prepare: true },
  )
}
