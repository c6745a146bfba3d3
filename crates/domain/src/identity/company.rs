//! Company names, in the form in which two spellings of the same name are equal.

use super::fold::fold;

/// What may stand at the end of a name only to tell its legal form. Dots and slashes inside are gone by then (`S.A.` is
/// `sa`, `s.r.o.` is `sro`).
const LEGAL_FORMS: &[&[&str]] = &[
    &["ab", "publ"],
    &["s", "de", "rl", "de", "cv"],
    &["sa", "de", "cv"],
    &["sab", "de", "cv"],
    &["sapi", "de", "cv"],
    &["sp", "z", "oo"],
    &["sp", "zoo"],
    &["spol", "sro"],
];

/// The same in one word.
const LEGAL_WORDS: &str = "
    abp ag aps asa bhd bv bvba co company corp corporation cv dac doo eg ehf eireli eood eurl ev gk ggmbh gmbh
    hf inc incorporated ivs jsc kft kg kgaa kk lda limited llc lllp llp lp ltd ltda mbh nv nyrt oao ohg ojsc
    ood ooo oy oyj pjsc plc pllc private pte pty pvt sa sarl sas sasu sca scrl sdn sl slu snc sprl srl srls
    sro tbk uab ug unipessoal vof yk zao zrt
";

/// Legal forms that are ordinary words or syllables as well: taken as one only when written as an abbreviation (`S.p.A.`,
/// `SpA`, `A/S`, `AB`), so that `Wellness Spa` keeps its name.
const AMBIGUOUS_WORDS: &[&str] = &["ab", "ad", "as", "ead", "se", "spa"];

/// The name without what differs between two ways of writing it: lower case, accents and punctuation removed, `&` as
/// `and`, no `The` in front, no legal form (`Inc`, `GmbH & Co. KG`, `S.A.` ...) at the end. Empty when nothing is left, as for a
/// name of signs only; then it is no name to match by.
///
/// A legal form that is all there is stays. Meant for exact comparison with the same form of another name; words such as
/// `Group` or `Holding` stay, as they tell companies apart.
pub fn normalise_company(name: &str) -> String {
    let words = words(name);
    let mut rest: &[Word] = &words;
    if let [first, others @ ..] = rest
        && first.text == "the"
        && !others.is_empty()
    {
        rest = others;
    }
    while let Some(shorter) = without_legal_form(rest) {
        rest = shorter;
    }
    rest.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ")
}

/// What stands in front of the legal form at the end, if there is one and something is in front of it.
fn without_legal_form(words: &[Word]) -> Option<&[Word]> {
    let ends_with = |form: &&&[&str]| {
        words.len() > form.len()
            && words[words.len() - form.len()..].iter().map(|word| word.text.as_str()).eq(form.iter().copied())
    };
    let last = words.last()?;
    let text = last.text.as_str();
    let length = if let Some(form) = LEGAL_FORMS.iter().find(ends_with) {
        form.len()
    } else if LEGAL_WORDS.split_whitespace().any(|word| word == text)
        || (AMBIGUOUS_WORDS.contains(&text) && last.abbreviated)
        || text == "and"
    {
        // `and` is left over from `GmbH & Co. KG` and `Tiffany & Co.`.
        1
    } else {
        return None;
    };
    Some(&words[..words.len() - length]).filter(|rest| !rest.is_empty())
}

struct Word {
    text: String,
    /// Written as abbreviations are: single letters with dots or slashes between, or capitals at both ends.
    abbreviated: bool,
    /// A single letter that stands alone: `S. A.` is two of them, and they are joined.
    letter: bool,
}

fn words(name: &str) -> Vec<Word> {
    let spaced = name.replace(['&', '+'], " and ");
    let mut words: Vec<Word> = Vec::new();
    for written in spaced.split(ends_word) {
        let parts: Vec<&str> = written.split(['.', '/']).collect();
        // `S.p.A.` is one word, `Co.KG` two, `Sp.z.o.o.` is `sp` and `zoo`.
        for run in parts.chunk_by(|a, b| is_letter(a) && is_letter(b)) {
            let text: String = run.iter().flat_map(|part| part.chars()).flat_map(fold).collect();
            let word = Word { abbreviated: run.len() > 1 || is_in_capitals(run[0]), letter: is_letter(&text), text };
            match words.last_mut() {
                _ if word.text.is_empty() => {}
                Some(last) if last.letter && word.letter => {
                    last.text.push_str(&word.text);
                    last.abbreviated = true;
                }
                _ => words.push(word),
            }
        }
    }
    words
}

/// White space and signs; not the signs inside of words, nor marks that combine with the letter before.
fn ends_word(c: char) -> bool {
    !c.is_alphanumeric() && !matches!(c, '.' | '/' | '\'' | '’' | '\u{300}'..='\u{36f}')
}

fn is_letter(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(char::is_alphabetic) && chars.next().is_none()
}

/// `AB`, `SpA`, but not `SPA`, which is how a name in capitals writes a spa.
fn is_in_capitals(word: &str) -> bool {
    let ends = word.chars().next().zip(word.chars().last());
    ends.is_some_and(|(first, last)| first.is_uppercase() && last.is_uppercase()) && word != "SPA"
}
