//! The flags of a group of settings.

/// Declares the flags of settings whose keys are their names: the heading in `--help`, the struct, then each setting.
macro_rules! flags {
    (
        $heading:literal $(#[$about:meta])+ $flags:ident
        $($(#[doc = $help:literal])+ $key:ident $flag:literal $value:literal,)+
    ) => {
        $(#[$about])+
        #[derive(clap::Args, Clone, Debug, Default)]
        #[command(next_help_heading = concat!($heading, " (each also as KUNDIG_… variable and in kundig.toml)"))]
        pub struct $flags {
            $(
                $(#[doc = $help])+
                #[arg(long = $flag, global = true, value_name = $value)]
                pub $key: Option<String>,
            )+
        }

        /// The group's keys.
        pub(super) const KEYS: &[&str] = &[$(stringify!($key)),+];

        impl $flags {
            pub(super) fn settings(&self) -> impl Iterator<Item = (&'static str, &str, &'static str)> {
                [$((stringify!($key), self.$key.as_deref(), concat!("--", $flag))),+]
                    .into_iter()
                    .filter_map(|(key, value, flag)| Some((key, value?, flag)))
            }
        }
    };
}

pub(super) use flags;
