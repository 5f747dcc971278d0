/**
 * What the heuristic knows of words, for decoder-as/red/words.ts. The costs are of pairs of letters in the words of
 * Debian's documentation and of names in Go's standard library; the words are usual in paths and too short or odd to
 * be told by their pairs.
 */

/** Row: the letter before (the last one: the beginning); column: the letter, the last one: the end. Base 36. */
export const PAIR_COSTS: readonly string[] = [
  "kcaalidmcqh8c9pcs8b7ggkigpc",
  "9gfg8hro8io7ikber9bh9kjqho9",
  "8geg9jdadvbcgg7hrdc9egmsiz9",
  "cihb7hgm8lrekhdikbcgehlmjz4",
  "cjb9ffhmirmce9jei89akgidlv7",
  "bhebb8ii7zq9fh9epccfdzmmgq8",
  "djhh7ifd9zoehccfmbahdlmplr4",
  "7nid7jqh9ymeei8krcgccyjygy7",
  "dgbcdbcrrrncb68dpdb9oephwfe",
  "6php7depcpfpgh8epp7d8pppppc",
  "cmmh5kgg8wwegegjnjadhoiolw4",
  "9kgd7jkk8zi9ki9iojdceikvap7",
  "7eig6jlr9zifdja8njbdcnoolz9",
  "ahba9e8lcqggigbioj98ggmrko7",
  "hg8ciefogohbb6ebz8bbbddmorc",
  "8keh7hjfcukail9bt7cbelkmkz7",
  "sijbssssfssdkjshgjge3sisss5",
  "9ked6hgn9zhfef9frebbfhkoft7",
  "emdi8lhc8vhfiiedoic8cmjzen5",
  "9lfi7hlc7zoehjcfpabdelljep6",
  "cbcgccescsnab6hbq998nqsjsoe",
  "8hfe4fmi9xpfgic9igfeqnilxxa",
  "6iheahkb8wwfhabfo9bfiwijww8",
  "9cad89jhawmhhje8jih8kjlilw7",
  "fmgiepppexogdag9xh9fxpixpl2",
  "ajif3rrj8rrirrchrkfrkrfrhf8",
  "bdabacdebkidbceaka8bdeffmmz",
];

/** Of at most 12 letters each. */
export const KNOWN_WORDS: readonly string[] = `
abort about accept access account accounts act actions activity add addr address addresses admin ads agent
agents album albums alert alerts all analytics answers any api apis app apps archive article articles
artists asset assets assign async at attach audio audit auth authors avatar avatars back backup badge
balance bank banner batch bids bill billing bin blob block blog blogs board body book bookings books bot box
brand brands browse buckets bugs build builds bulk bus buy by cache calendar call callback calls campaign
cancel captcha card cards cart carts catalog cdn cell cert chain channels chart chat chats check checkout
cities city claim class clear cli click clients clock close cloud club cluster code codes colors comment
comments companies compute config configs confirm connect consent contact contacts content cookie cookies
copy core count countries country coupon coupons crash create crm cron css csv currency customer customers
dash dashboard data database day days db deals debug delay delete delivery demo deploy desk device devices
diff digest dir discover dist dns do docs document documents domain domains done download downloads draft
drafts drive drop echo edge edges edit email emails embed emit employees enable end engine entries env error
errors etc event events exam exec exit expense explore export exports external fact fail faq fast favicon
favorites feature features feed feedback feeds fetch field fields file files film films filter find flag
flags flight flow flush folder folders follow followers font fonts form forms forum forward friends front
full fx gallery game games gate gateway geo get gift git global go goals grant graph graphql group groups
grpc guest guide guides hash health healthcheck healthz heartbeat hello help hi history home hook hooks host
hosts hotel hotels hour hr html http https hub icon icons id idea ids image images img import in inbox index
info ingest init inspect instances internal inventory invite invoice invoices io ip issue issues item items
job jobs join journal js json jwks jwt key keys keywords kind known kv lab label labels languages last latest
launch layout leads learn level lib library license like likes limit link links list lists live livez load
local location lock log login logo logout logs lookup loop lost mail main manage manifest map maps mark
market match me media meet member members memo menu merge message messages meta metric metrics migrate min
mobile mode models modules month move movie movies ms music my name names nav net network new news next node
nodes note notes notification notify now null number oauth object objects offer offers office ok old online
open openapi options order orders org orgs orphans other out output owner owners pack packages page pages
panel panic parse part partners parts pass password path pay payment payments people permissions pet pets
phone photo photos pick pics pin ping pipeline place places plan plans play players playlist plugin plugins
pod pods poll polls popular port post posts pprof prefs preview price prices print privacy private process
prod product products profile profiles project projects promo proxy public publish pull purchase push put
queries query queue queues quick quiz quota quote quotes random rank rate rates rating ratings raw read
ready readyz receipt receive recent recipes record redirect refresh refund refunds region register release
reload remote remove reply repo report reports repos request requests reset resource resources rest restart
result results resume retry return returns review reviews rides robots role roles room rooms root route
routes rpc rss rule rules run runs sale sales sample save scan schedule schema schemas score script scripts
sdk search seat secret secrets secure seed self sell send sensors server service services session sessions
set settings setup share ship shipping shop shops show sign signin signup site sitemap sites size sleep
slots slow sms snapshot socket song songs sort spec speed sql sse sso staff stage star start stat state
states static stats status step stock stop store stores stories story stream streams string style styles sub
submit subscribe sum summary supply support survey swagger swap switch sync sys system tab table tables tag
tags task tasks tax team teams tech template templates tenant tenants term terms test tests text theme
themes thread thumb ticket tickets time timeline timer title to toggle token tokens tool tools top topic
topics track tracks trade train transfer transit trash tree trends trip trips try tv type types ui undo unit
unlock up update updates upload uploads url urls usage use user users util utils validate value vars vault
vendor vendors venue verify version video videos view views visit vm vote votes voucher wait wallet
warehouse watch weather web webhook webhooks week well whoami widget wiki wishlist word words work worker
workers world write ws www xml year zip zone zones
`.trim().split(/\s+/);
