//! The kit that pages are built of. Colours come only as token pairs from `style/tokens.css`; nothing here knows a slice.

#[cfg(feature = "ssr")]
pub mod area;
#[cfg(feature = "ssr")]
pub mod avatar;
#[cfg(feature = "ssr")]
pub mod bars;
pub mod button;
pub mod card;
pub mod copy;
pub mod diff;
pub mod disclosure;
pub mod field;
#[cfg(feature = "ssr")]
pub mod figure;
pub mod form;
pub mod icon;
pub mod json;
pub mod kbd;
pub mod loaded;
pub mod menu;
pub mod number;
pub mod page_header;
pub mod pagination;
pub mod pill;
pub mod prefs;
pub mod revealed;
pub mod root;
pub mod seen;
pub mod select;
pub mod states;
pub mod table;
pub mod tabs;
pub mod time;
pub mod title;
pub mod toast;

#[cfg(feature = "ssr")]
pub use area::{Area, area_html};
#[cfg(feature = "ssr")]
pub use avatar::{Avatar, AvatarSize, Whose};
#[cfg(feature = "ssr")]
pub use bars::{Bar, BarChart, Series};
pub use button::{Button, ButtonLink, Variant};
pub use card::{Card, CardBody};
pub use copy::copy_text;
pub use diff::{Diff, Difference, json_text};
pub use disclosure::Disclosure;
pub use field::Field;
#[cfg(feature = "ssr")]
pub use figure::Figure;
pub use form::Form;
pub use icon::{Glyph, Icon};
pub use json::Json;
pub use kbd::{Hash, Kbd};
pub use loaded::loaded;
pub use menu::{MENU_ITEM, Menu};
pub use number::{counted, grouped, millis};
pub use page_header::PageHeader;
pub use pagination::Pagination;
pub use pill::{Pill, Tone};
pub use prefs::{flip, preference, set_preference};
pub use revealed::{Piece, Revealed, reveal};
pub use root::{fact, set_fact};
pub use seen::use_seen;
pub use select::Select;
pub use states::{EmptyState, ErrorState, Skeleton};
pub use table::{Table, Td};
pub use tabs::{Tab, Tabs};
#[cfg(feature = "hydrate")]
pub use time::tick;
pub use time::{Age, Time, now_millis, relative, span};
#[cfg(feature = "hydrate")]
pub use title::retitle;
#[cfg(feature = "ssr")]
pub use title::title_around;
pub use title::{full_title, page_title};
pub use toast::{Toasts, use_toasts};
