//! Which data a model was trained from.

use sha2::{Digest, Sha256};

use crate::{table::Cells, train::History};

/// SHA-256 over names, values and outcomes.
pub(crate) fn fingerprint(history: &History) -> String {
    let mut hash = Sha256::new();
    for column in history.table.columns() {
        hash.update((column.attribute.name.len() as u64).to_be_bytes());
        hash.update(&column.attribute.name);
        match &column.cells {
            Cells::Numbers(numbers) => numbers.iter().for_each(|number| hash.update(number.to_bits().to_be_bytes())),
            Cells::Levels { names, codes } => {
                for name in names {
                    hash.update((name.len() as u64).to_be_bytes());
                    hash.update(name);
                }
                for code in codes {
                    hash.update(code.to_be_bytes());
                }
            }
        }
    }
    history.won.iter().for_each(|won| hash.update([u8::from(*won)]));
    hash.finalize().iter().fold(String::new(), |all, byte| format!("{all}{byte:02x}"))
}
