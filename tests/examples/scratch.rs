//! scratch
use kundig_tests::{Database, block_on, generator::*};
use migration::{Migrator, MigratorTrait as _};
fn main() {
    block_on(async {
        let d = Database::postgres();
        let c = d.connect().await;
        Migrator::up(&c, None).await.expect("up");
        let t = std::time::Instant::now();
        let g = Catalog::generate(&Size::default(), 1);
        eprintln!("generated {:?}", t.elapsed());
        g.write(&c).await.expect("write");
        eprintln!("written {:?}", t.elapsed());
        println!("{}", d.url());
        std::thread::sleep(std::time::Duration::from_secs(3600));
    });
}
