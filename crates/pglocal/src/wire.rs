//! Just enough of Postgres' protocol to run a script through the socket, for machines that have the server but no `psql`.

use std::io::{BufReader, Error as IoError, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

use crate::{Error, socket};

/// One row: each column as the server writes it, `None` for NULL.
pub(crate) type Row = Vec<Option<String>>;

/// Runs `script` (any number of statements, one transaction unless it says otherwise) and returns every row of it.
pub(crate) fn run(socket_dir: &Path, database: &str, script: &str) -> Result<Vec<Row>, Error> {
    let path = socket::file(socket_dir);
    let talk = || -> Result<Result<Vec<Row>, String>, IoError> {
        let mut stream = UnixStream::connect(&path)?;
        stream.write_all(&startup(database)?)?;
        let mut replies = BufReader::new(stream.try_clone()?);
        if let Err(refused) = until_ready(&mut replies)? {
            return Ok(Err(refused));
        }
        stream.write_all(&message(b'Q', &[script.as_bytes(), b"\0"].concat())?)?;
        let answer = until_ready(&mut replies)?;
        stream.write_all(&message(b'X', &[])?)?;
        Ok(answer)
    };
    talk().map_err(Error::io("talk to", &path))?.map_err(|message| Error::Sql { message })
}

fn startup(database: &str) -> Result<Vec<u8>, IoError> {
    /// Protocol 3.0.
    const VERSION: u32 = 3 << 16;
    let mut body = VERSION.to_be_bytes().to_vec();
    for word in ["user", crate::cluster::SUPERUSER, "database", database, ""] {
        body.extend_from_slice(word.as_bytes());
        body.push(0);
    }
    framed(&body)
}

fn message(kind: u8, body: &[u8]) -> Result<Vec<u8>, IoError> {
    Ok([&[kind], framed(body)?.as_slice()].concat())
}

/// With its length, which counts itself, in front.
fn framed(body: &[u8]) -> Result<Vec<u8>, IoError> {
    let length = u32::try_from(body.len() + 4).map_err(|_| IoError::from(ErrorKind::InvalidInput))?;
    Ok([&length.to_be_bytes(), body].concat())
}

/// Reads replies until the server waits for us again: the rows, or its first complaint.
fn until_ready(replies: &mut impl Read) -> Result<Result<Vec<Row>, String>, IoError> {
    let mut rows = Vec::new();
    let mut complaint = None;
    loop {
        let mut head = [0; 5];
        if let Err(error) = replies.read_exact(&mut head) {
            // After a fatal complaint the server hangs up.
            return complaint.map_or(Err(error), |complaint| Ok(Err(complaint)));
        }
        let [kind, length @ ..] = head;
        let length = u32::from_be_bytes(length).checked_sub(4).ok_or(ErrorKind::InvalidData)?;
        let mut body = vec![0; usize::try_from(length).map_err(|_| ErrorKind::InvalidData)?];
        replies.read_exact(&mut body)?;
        match kind {
            b'D' => rows.push(row(&body).ok_or(ErrorKind::InvalidData)?),
            b'E' => complaint = complaint.or_else(|| Some(complaint_in(&body))),
            b'R' if body != [0; 4] => return Ok(Err("the server wants a password".to_owned())),
            b'Z' => return Ok(complaint.map_or(Ok(rows), Err)),
            _ => {}
        }
    }
}

fn row(body: &[u8]) -> Option<Row> {
    let (count, mut rest) = body.split_first_chunk().map(|(count, rest)| (u16::from_be_bytes(*count), rest))?;
    let mut columns = Vec::with_capacity(usize::from(count));
    for _ in 0..count {
        let (length, after) = rest.split_first_chunk().map(|(length, after)| (i32::from_be_bytes(*length), after))?;
        // A negative length is NULL.
        let value = usize::try_from(length).ok().map(|length| after.split_at_checked(length));
        let (column, after) = match value {
            None => (None, after),
            Some(split) => split.map(|(value, after)| (Some(String::from_utf8_lossy(value).into_owned()), after))?,
        };
        columns.push(column);
        rest = after;
    }
    Some(columns)
}

/// The severity, code and text among the fields of a complaint.
fn complaint_in(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let field = |name: char| text.split('\0').find_map(|field| field.strip_prefix(name)).unwrap_or_default().to_owned();
    let place = field('P');
    let place = if place.is_empty() { place } else { format!(" at character {place}") };
    format!("{} {}: {}{place}", field('V'), field('C'), field('M'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_their_nulls_are_read_and_short_ones_refused() {
        let body = [&[0, 2][..], &[0, 0, 0, 2], b"hi", &[0xff; 4]].concat();
        assert_eq!(row(&body), Some(vec![Some("hi".to_owned()), None]));
        for end in 0..body.len() {
            assert_eq!(row(&body[..end]), None, "{end} bytes");
        }
    }

    #[test]
    fn complaints_name_severity_code_text_and_place() {
        let body = b"SFEHLER\0VERROR\0C42601\0Msyntax error\0P7\0\0";
        assert_eq!(complaint_in(body), "ERROR 42601: syntax error at character 7");
    }
}
