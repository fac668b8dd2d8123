//! Icons, drawn by one stroke each: no font, no files.

use leptos::prelude::*;

macro_rules! glyphs {
    ($($(#[$doc:meta])* $name:ident = $path:literal;)+) => {
        /// What an icon shows.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Glyph {
            $($(#[$doc])* $name,)+
        }

        impl Glyph {
            const fn path(self) -> &'static str {
                match self {
                    $(Self::$name => $path,)+
                }
            }
        }
    };
}

glyphs! {
    /// A house.
    Home = "M4 11 12 4l8 7v9h-5v-6H9v6H4z";
    /// A tick.
    Check = "m5 12.5 4.5 4.5L19 7";
    /// A tick in a circle: approvals.
    Approvals = "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zm-4 9.2 2.8 2.8 5.2-5.6";
    /// A head and shoulders with an antenna: agents.
    Agent = "M6 9h12v9a2 2 0 0 1-2 2H8a2 2 0 0 1-2-2zm6-5v5m-3 4v2m6-2v2M3 13v3m18-3v3";
    /// Lines of a log: runs.
    Runs = "M4 6h16M4 12h10M4 18h13";
    /// A table: records.
    Records = "M4 5h16v14H4zm0 5h16M10 5v14";
    /// Bars: usage.
    Usage = "M5 20V10m7 10V4m7 16v-7";
    /// Sliders: settings.
    Settings = "M4 7h9m4 0h3M4 17h3m4 0h9M15 5v4M9 15v4";
    /// An envelope: mail.
    Mail = "M4 6h16v12H4zm0 .5 8 6.5 8-6.5";
    /// A speech bubble: chat.
    Chat = "M4 5h16v11H9l-5 4z";
    /// A cross.
    Close = "m6 6 12 12M18 6 6 18";
    /// A magnifying glass.
    Search = "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zm5 12 4.5 4.5";
    /// An arrow down.
    Down = "m6 9 6 6 6-6";
    /// An arrow right.
    Right = "m9 6 6 6-6 6";
    /// An arrow left.
    Left = "m15 6-6 6 6 6";
    /// Three lines: the menu on phones.
    Bars = "M4 7h16M4 12h16M4 17h16";
    /// A panel at the left.
    Sidebar = "M4 5h16v14H4zm6 0v14";
    /// A sun.
    Sun = "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zm0-6v2m0 16v2M2 12h2m16 0h2M5 5l1.5 1.5m11 11L19 19M5 19l1.5-1.5m11-11L19 5";
    /// A moon.
    Moon = "M20 14A8.5 8.5 0 0 1 10 4a8.5 8.5 0 1 0 10 10z";
    /// A screen: as the system.
    Screen = "M3 5h18v11H3zm6 15h6m-3-4v4";
    /// A person.
    Person = "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4 21c1-7 15-7 16 0";
    /// A door with an arrow: sign out.
    SignOut = "M10 4H5v16h5m5-12 4 4-4 4m4-4H9";
    /// A plus.
    Plus = "M12 5v14M5 12h14";
    /// A triangle with a mark: a warning.
    Warning = "M12 4 2.5 20h19zm0 6v4m0 3v.1";
    /// An arrow that turns back: undo.
    Undo = "M9 7 4 12l5 5m-5-5h10a6 6 0 0 1 6 6";
    /// An arrow that goes round: retry.
    Retry = "M20 12a8 8 0 1 1-2.5-5.8M20 3v4h-4";
    /// A square: stop.
    Stop = "M6 6h12v12H6z";
    /// An arrow up: send.
    Send = "M12 19V5m-6 6 6-6 6 6";
    /// Two sheets: copy.
    Copy = "M9 9h11v11H9zM15 9V4H4v11h5";
    /// A pencil: edit.
    Edit = "m4 20 1-5L16 4l4 4L9 19z";
    /// A shield: audit.
    Shield = "M12 3 5 6v5c0 5 3 8 7 10 4-2 7-5 7-10V6zm-3 9 2.2 2.2L15 10";
    /// A key.
    Key = "M14 4a6 6 0 0 0-5.7 7.8L3 17v4h4l1-3h2l1-3 1.3-.6A6 6 0 1 0 14 4zm2 4v.1";
    /// A bell: notifications.
    Bell = "M6 16v-5a6 6 0 0 1 12 0v5l2 2H4zm4 5h4";
    /// A clock.
    Clock = "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zm0 4v5l3.5 2";
    /// Six dots: what one takes hold of.
    Grip = "M9 6v.1M15 6v.1M9 12v.1M15 12v.1M9 18v.1M15 18v.1";
    /// A bolt: the command menu's actions.
    Bolt = "M13 3 5 14h6l-1 7 8-11h-6z";
}

/// An icon in the colour of the text; hidden from screen readers, the text beside it speaks.
#[component]
pub fn Icon(
    /// What it shows.
    glyph: Glyph,
) -> impl IntoView {
    view! { <svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d=glyph.path()></path></svg> }
}
