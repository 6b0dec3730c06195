/**
 * Words that say nothing of what somebody needs: those of every English sentence, and those of every letter to a support desk. Without
 * accents and apostrophes, as words are cut.
 */
export const STOP_WORDS: ReadonlySet<string> = new Set(
  `a about actually after again all already also always am an and another any anybody anymore anyone anything anyway are arent as ask asked
  at away back be because been before being but by came can cannot cant come comes could couldnt did didnt do does doesnt doing dont done
  each even ever every everyone everything few find first for found from gave get gets getting give gives go goes going gone got had hadnt
  has hasnt have havent having he hello help her here hers hey hi him his how however i id if im in instead into is isnt it its itself ive
  just keep keeps know knows last lately let like ll look looks made make makes many may maybe me might mine more most much must my
  myself need needed needs never new next nice no nobody nor not nothing now of off often ok okay old on once one ones only or other
  others our out over own people perhaps please possible problem problems put question quite re really right s said same say says see
  seem seems seen she should shows since so some somebody somehow someone something sometimes somewhere soon sorry still such support
  sure t take takes tell than thank thanks that thats the their them then there theres these they theyre thing things think this those
  though through to today told too took tried tries try trying under until up upon us use used uses using ve very via want wanted wants
  was wasnt way we week weeks well went were werent what whatever whats when where whether which while who whole whose why will wish
  with within without wont work working works would wouldnt yes yesterday yet you your youre yours`
    // German ones, but for those that say something in English.
    .concat(
      ` aber alle alles als am an auch auf aus bei beim bis bitte da dann das dass dem den denn der des dich dir doch du durch ein eine einem
      einen einer es etwas euch euer fur geht gerne habe haben hallo hatte hier ich ihm ihn ihr immer in ist ja jetzt kann keine keinen konnen
      konnte machen mal mehr mein meine meinem meinen mich mir mit muss nach nicht noch nur ob oder ohne schon sehr sein seit sich sie sind
      soll um und uns unser unter viel vielen vom von vor wann warum weil wenn werden wie wieder wird wir wo wurde zu zum zur`,
    )
    .split(/\s+/)
    .filter(Boolean),
)
