//! "Did you mean": the known name nearest to one that is not known.

/// Longer words are not compared: nobody means them by mistake, and comparing costs the product of the lengths.
const MAX_WORD: usize = 64;
/// Further names are not compared, to bound what a mistake costs.
const MAX_NAMES: usize = 2_000;

/// The name among `known` that `word` is most likely a slip of: at most one change in three characters away
/// (Damerau-Levenshtein; the first one on a tie), or `None`.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > MAX_WORD {
        return None;
    }
    let allowed = (word.chars().count() / 3).max(1);
    known
        .into_iter()
        .take(MAX_NAMES)
        .filter(|name| name.len() <= MAX_WORD)
        .map(|name| (strsim::damerau_levenshtein(word, name), name))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// `"; did you mean `NAME`?"` to be put behind a message, or nothing when no known name is near.
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, known).map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}
