//! Latin letters without their marks.

/// The lower-case letters that a character counts as: `É` as `e`, `ß` as `ss`, `Ł` as `l`. Marks that stand alone (combining
/// ones) count as nothing, other scripts as they are. German umlauts count as the bare vowel, as most foreign spellings have
/// it.
pub(super) fn fold(c: char) -> impl Iterator<Item = char> {
    c.to_lowercase().flat_map(|c| {
        let (letter, more) = base(c);
        std::iter::once(letter).chain(more).filter(|c| c.is_alphanumeric())
    })
}

/// Covers Latin-1, Latin Extended-A and the Romanian comma letters.
fn base(c: char) -> (char, Option<char>) {
    let letter = match c {
        'à'..='å' | 'ā' | 'ă' | 'ą' => 'a',
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => 'c',
        'ď' | 'đ' | 'ð' => 'd',
        'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => 'e',
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => 'g',
        'ĥ' | 'ħ' => 'h',
        'ì'..='ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' => 'i',
        'ĵ' => 'j',
        'ķ' => 'k',
        'ĺ' | 'ļ' | 'ľ' | 'ŀ' | 'ł' => 'l',
        'ñ' | 'ń' | 'ņ' | 'ň' => 'n',
        'ò'..='ö' | 'ø' | 'ō' | 'ŏ' | 'ő' => 'o',
        'ŕ' | 'ŗ' | 'ř' => 'r',
        'ś' | 'ŝ' | 'ş' | 'š' | 'ș' => 's',
        'ţ' | 'ť' | 'ŧ' | 'ț' => 't',
        'ù'..='ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => 'u',
        'ŵ' => 'w',
        'ý' | 'ÿ' | 'ŷ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        'æ' => return ('a', Some('e')),
        'œ' => return ('o', Some('e')),
        'ß' => return ('s', Some('s')),
        'þ' => return ('t', Some('h')),
        other => other,
    };
    (letter, None)
}
