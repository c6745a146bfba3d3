//! The fields of a lead that a column can be mapped to, and how each reads a text.

use domain::lead::{LeadType, Profile};

/// Most characters of a text; of an e-mail address 320 (RFC 5321: 64 + 1 + 255).
const MAX_TEXT: usize = 500;
const MAX_EMAIL: usize = 320;
/// Most technologies of a lead.
const MAX_TECHNOLOGIES: usize = 100;

/// A field of a lead.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name, as in a policy.
    pub name: &'static str,
    /// Where it stands in a lead, and so how it is read.
    pub slot: Slot,
}

impl PartialEq for Target {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// Where a value goes.
#[derive(Debug, Clone, Copy)]
pub enum Slot {
    /// A text.
    Text(TextShape, fn(&mut Profile) -> &mut Option<String>),
    /// A whole number.
    Number(NumberShape, fn(&mut Profile) -> &mut Option<i64>),
    /// The lead type.
    LeadType,
    /// The list of technologies.
    Technologies,
}

/// What a text must look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextShape {
    /// At most 500 characters.
    Any,
    /// At most 320 characters.
    Email,
    /// Two letters, kept in upper case.
    Country,
    /// Two letters, kept in lower case.
    Language,
}

/// What a number must look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberShape {
    /// Whole; 0 to 100,000,000.
    People,
    /// Rounded to whole dollars; 0 to 10^15.
    Dollars,
}

const fn text(name: &'static str, shape: TextShape, slot: fn(&mut Profile) -> &mut Option<String>) -> Target {
    Target { name, slot: Slot::Text(shape, slot) }
}

const fn number(name: &'static str, shape: NumberShape, slot: fn(&mut Profile) -> &mut Option<i64>) -> Target {
    Target { name, slot: Slot::Number(shape, slot) }
}

/// All fields, in the order of [`Profile`].
pub const TARGETS: [Target; 21] = [
    text("external_id", TextShape::Any, |lead| &mut lead.external_id),
    text("email", TextShape::Email, |lead| &mut lead.email),
    text("phone", TextShape::Any, |lead| &mut lead.phone),
    text("person_name", TextShape::Any, |lead| &mut lead.person_name),
    text("job_title", TextShape::Any, |lead| &mut lead.job_title),
    text("company_name", TextShape::Any, |lead| &mut lead.company_name),
    text("company_domain", TextShape::Any, |lead| &mut lead.company_domain),
    text("industry", TextShape::Any, |lead| &mut lead.industry),
    number("employees", NumberShape::People, |lead| &mut lead.employees),
    number("annual_revenue", NumberShape::Dollars, |lead| &mut lead.annual_revenue),
    text("country", TextShape::Country, |lead| &mut lead.country),
    text("region", TextShape::Any, |lead| &mut lead.region),
    text("postal_code", TextShape::Any, |lead| &mut lead.postal_code),
    text("city", TextShape::Any, |lead| &mut lead.city),
    text("language", TextShape::Language, |lead| &mut lead.language),
    text("product", TextShape::Any, |lead| &mut lead.product),
    number("deal_value", NumberShape::Dollars, |lead| &mut lead.deal_value),
    Target { name: "lead_type", slot: Slot::LeadType },
    text("source", TextShape::Any, |lead| &mut lead.source),
    text("campaign", TextShape::Any, |lead| &mut lead.campaign),
    Target { name: "technologies", slot: Slot::Technologies },
];

impl Target {
    /// Puts `value`, which is not blank, into `lead`. Errors: what was found and what was expected.
    pub fn put(self, lead: &mut Profile, value: &str, scale: Option<f64>) -> Result<(), String> {
        match self.slot {
            Slot::Text(shape, slot) => *slot(lead) = Some(shape.read(value)?),
            Slot::Number(shape, slot) => *slot(lead) = Some(shape.read(value, scale)?),
            Slot::LeadType => lead.lead_type = read_lead_type(value)?,
            Slot::Technologies => {
                if lead.technologies.len() == MAX_TECHNOLOGIES {
                    return Err(format!("has more than {MAX_TECHNOLOGIES} technologies"));
                }
                lead.technologies.push(TextShape::Any.read(value)?);
            }
        }
        Ok(())
    }

    /// True if the field holds a number.
    pub fn is_number(self) -> bool {
        matches!(self.slot, Slot::Number(..))
    }

    /// True if the field holds several texts.
    pub fn is_list(self) -> bool {
        matches!(self.slot, Slot::Technologies)
    }
}

impl TextShape {
    /// `value` as such a text.
    pub fn read(self, value: &str) -> Result<String, String> {
        let most = if self == Self::Email { MAX_EMAIL } else { MAX_TEXT };
        // A text has at most as many characters as bytes.
        if value.len() > most && value.chars().count() > most {
            return Err(format!("has {} characters, and at most {most} are taken", value.chars().count()));
        }
        if value.contains('\0') {
            return Err("holds the character U+0000".to_owned());
        }
        match self {
            Self::Any | Self::Email => Ok(value.to_owned()),
            Self::Country => two_letters(value, "an ISO 3166-1 code such as `US`").map(str::to_ascii_uppercase),
            Self::Language => two_letters(value, "an ISO 639-1 code such as `en`").map(str::to_ascii_lowercase),
        }
    }
}

fn two_letters<'v>(value: &'v str, expected: &str) -> Result<&'v str, String> {
    if value.len() == 2 && value.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        Ok(value)
    } else {
        Err(format!("expected {expected}, found {}", shown(value)))
    }
}

impl NumberShape {
    /// `value` times `scale` as such a number.
    pub fn read(self, value: &str, scale: Option<f64>) -> Result<i64, String> {
        let (most, what) = match self {
            Self::People => (100_000_000_i64, "a whole number"),
            Self::Dollars => (1_000_000_000_000_000, "a number"),
        };
        let expected = || format!("expected {what} from 0 to {most}, found {}", shown(value));
        // Whole numbers don't take the way over floating point.
        if scale.is_none()
            && let Ok(number) = value.parse::<i64>()
        {
            return if (0..=most).contains(&number) { Ok(number) } else { Err(expected()) };
        }
        let number = read_number(value).map_err(|_| expected())? * scale.unwrap_or(1.0);
        let rounded = number.round();
        // A scaled number may miss a whole one by the last bits.
        let off = (number - rounded).abs() > 1e-6 * number.abs().max(1.0);
        #[expect(clippy::cast_precision_loss, reason = "both bounds are far below 2^53")]
        let inside = (0.0..=most as f64).contains(&rounded);
        if !inside || (off && self == Self::People) {
            return Err(expected());
        }
        #[expect(clippy::cast_possible_truncation, reason = "within the bounds just checked")]
        Ok(rounded as i64)
    }
}

/// A finite number with a point before its decimals and nothing between its thousands.
pub(crate) fn read_number(value: &str) -> Result<f64, String> {
    let plain = value.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'-' | b'+' | b'e' | b'E'));
    value
        .parse::<f64>()
        .ok()
        .filter(|number| plain && number.is_finite())
        .ok_or_else(|| format!("expected a number such as `1234.5`, found {}", shown(value)))
}

fn read_lead_type(value: &str) -> Result<LeadType, String> {
    LeadType::from_name(value).ok_or_else(|| {
        let names: Vec<&str> = LeadType::ALL.iter().map(|(_, name)| *name).collect();
        format!("expected one of {}, found {}", names.join(", "), shown(value))
    })
}

/// `value` in back quotes, cut to 60 characters and one line.
pub(crate) fn shown(value: &str) -> String {
    let line: String = value.chars().take(60).map(|c| if c.is_control() { ' ' } else { c }).collect();
    let rest = if value.chars().nth(60).is_some() { " ..." } else { "" };
    format!("`{line}`{rest}")
}
