/** Characters that nobody sees, or that turn the direction of what follows: zero-width ones, fillers, bidi marks, tags, variation selectors. */
const HIDDEN = /[\p{Default_Ignorable_Code_Point}\u2028\u2029\uFFF9-\uFFFB]/u

/** U+FE0F behind an emoji only makes it colorful. */
const COLORFUL = /(?<=[\p{Extended_Pictographic}#*0-9])\uFE0F/gu
/** Families of emoji are joined by U+200D, flags of regions spelled in tags. */
const JOINED_EMOJI = /(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}])\u200D(?=\p{Extended_Pictographic})/gu
const FLAGS = /(?<=\u{1F3F4})[\u{E0030}-\u{E0039}\u{E0061}-\u{E007A}]{1,6}\u{E007F}/gu
/** Scripts in which U+200C and U+200D are spelling. */
const LETTERS =
  '[\\p{Script=Arabic}\\p{Script=Syriac}\\p{Script=Mongolian}\\p{Script=Devanagari}\\p{Script=Bengali}\\p{Script=Gurmukhi}\\p{Script=Gujarati}\\p{Script=Oriya}\\p{Script=Tamil}\\p{Script=Telugu}\\p{Script=Kannada}\\p{Script=Malayalam}\\p{Script=Sinhala}\\p{Script=Khmer}]'
const JOINED_LETTERS = new RegExp(`(?<=${LETTERS})[\\u200C\\u200D](?=${LETTERS})`, 'gu')

/**
 * Whether a name holds what nobody can see. What honest emoji and honest spelling need is let pass where they need it, and nowhere else.
 */
export const hasHiddenCharacters = (text: string): boolean =>
  HIDDEN.test(text) &&
  HIDDEN.test(
    text.replace(COLORFUL, '').replace(JOINED_EMOJI, '').replace(FLAGS, '').replace(JOINED_LETTERS, ''),
  )
