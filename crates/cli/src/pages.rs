//! Listings, page by page.

use crate::CallError;

/// Most items that a page may have.
const PAGE: usize = 1_000;

/// What was listed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Listed<T> {
    pub(crate) items: Vec<T>,
    /// True if there are more than were asked for.
    pub(crate) more: bool,
}

/// Asks for pages, of this size and by this token, until there are `most` items or no more. `page` answers with the
/// items and the token of the next page.
pub(crate) async fn pages<T, A>(most: usize, mut page: impl FnMut(i32, String) -> A) -> Result<Listed<T>, CallError>
where
    A: Future<Output = Result<(Vec<T>, String), CallError>>,
{
    let mut listed = Listed { items: Vec::new(), more: true };
    let mut token = String::new();
    while listed.more && listed.items.len() < most {
        let size = i32::try_from(PAGE.min(most - listed.items.len())).unwrap_or(i32::MAX);
        let (items, next) = page(size, token).await?;
        listed.items.extend(items);
        listed.more = !next.is_empty();
        token = next;
    }
    Ok(listed)
}

/// All of them.
pub(crate) async fn all<T, A>(page: impl FnMut(i32, String) -> A) -> Result<Vec<T>, CallError>
where
    A: Future<Output = Result<(Vec<T>, String), CallError>>,
{
    Ok(pages(usize::MAX, page).await?.items)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    /// A listing of 2,500 numbers in pages of at most 1,000.
    async fn list(most: usize) -> (Listed<usize>, Vec<i32>) {
        let mut sizes = Vec::new();
        let listed = pages(most, |size, token| {
            sizes.push(size);
            let start = token.parse().unwrap_or(0);
            let end = (start + usize::try_from(size).unwrap()).min(2_500);
            let next = if end == 2_500 { String::new() } else { end.to_string() };
            async move { Ok(((start..end).collect(), next)) }
        });
        let listed = listed.await.unwrap();
        (listed, sizes)
    }

    #[tokio::test]
    async fn pages_are_asked_for_until_there_is_enough() {
        for (most, sizes, more) in [
            (10, vec![10], true),
            (1_200, vec![1_000, 200], true),
            (2_500, vec![1_000, 1_000, 500], false),
            (usize::MAX, vec![1_000; 3], false),
        ] {
            let (listed, asked) = list(most).await;
            assert!(listed.items.into_iter().eq(0..most.min(2_500)));
            assert_eq!((asked, listed.more), (sizes, more));
        }
    }
}
