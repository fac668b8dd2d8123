//! The picture of a person or of a workspace, beside the name that says whose it is.

use leptos::prelude::*;

/// Whose picture it is: people are round, workspaces a cell of the comb.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Whose {
    /// A person's.
    #[default]
    Person,
    /// A workspace's.
    Workspace,
}

/// How large it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum AvatarSize {
    /// In bars and menus.
    #[default]
    Small,
    /// In lists.
    Medium,
    /// Where it is what one looks at.
    Large,
}

impl AvatarSize {
    const fn class(self) -> &'static str {
        match self {
            Self::Small => "avatar",
            Self::Medium => "avatar avatar-medium",
            Self::Large => "avatar avatar-large",
        }
    }

    /// In pixels; the style sheet says the same.
    const fn side(self) -> &'static str {
        match self {
            Self::Small => "24",
            Self::Medium => "32",
            Self::Large => "64",
        }
    }
}

/// The picture, or initials where there is none. It says nothing that the name beside it does not, so it is only to be seen.
#[component]
pub fn Avatar(
    /// The name.
    name: String,
    /// The picture's address.
    #[prop(optional_no_strip)]
    image: Option<String>,
    /// Whose it is.
    #[prop(optional)]
    whose: Whose,
    /// How large it is.
    #[prop(optional)]
    size: AvatarSize,
) -> AnyView {
    let shape = match (whose, &image) {
        (Whose::Person, _) => "",
        (Whose::Workspace, Some(_)) => "avatar-square",
        (Whose::Workspace, None) => "avatar-cell",
    };
    let side = size.side();
    // Painted by the style sheet: as text, they would be part of what a button says.
    let initials = image.is_none().then(|| initials(&name, whose));
    let picture = image.map(|image| {
        view! { <img src=image alt="" width=side height=side loading="lazy" decoding="async"/> }
    });
    view! {
        <span class=format!("{} {shape}", size.class()) data-initials=initials aria-hidden="true">{picture}</span>
    }
    .into_any()
}

/// Of a person's first and last name; of a workspace only the first, for which a cell has room.
fn initials(name: &str, whose: Whose) -> String {
    let mut letters = name.split_whitespace().filter_map(|word| word.chars().find(|c| c.is_alphanumeric()));
    let (first, last) = (letters.next(), letters.next_back());
    let shown = first.into_iter().chain(last.filter(|_| whose == Whose::Person));
    shown.flat_map(char::to_uppercase).collect()
}

#[cfg(test)]
mod tests {
    use super::{Whose, initials};

    #[test]
    fn initials_are_of_the_first_and_the_last_word() {
        for (name, person, workspace) in [
            ("Ada Lovelace", "AL", "A"),
            ("ada", "A", "A"),
            ("Ada King, Countess of Lovelace", "AL", "A"),
            ("“Ada” (Lovelace)", "AL", "A"),
            ("éva ács", "ÉÁ", "É"),
            ("日本 太郎", "日太", "日"),
            ("…", "", ""),
        ] {
            assert_eq!(
                (initials(name, Whose::Person).as_str(), initials(name, Whose::Workspace).as_str()),
                (person, workspace)
            );
        }
    }
}
