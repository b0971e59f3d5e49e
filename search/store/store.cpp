// SPDX-License-Identifier: Apache-2.0
#include "search/store/store.h"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>

#include "search/store/sqlite.h"
#include "traces/support/error.h"

namespace recpim::search {
namespace {

namespace fs = std::filesystem;

std::string schema() {
  std::string columns;
  for (const char* name : kObjectiveNames) columns += std::string(name) + " REAL, ";
  for (const char* name : kDetailNames) columns += std::string(name) + " REAL, ";
  return "CREATE TABLE run(schema TEXT NOT NULL, config TEXT NOT NULL, git TEXT NOT NULL) STRICT;"
         "CREATE TABLE evaluations(id INTEGER PRIMARY KEY, parent INTEGER, same_as INTEGER, "
         "seed INTEGER NOT NULL, genome TEXT NOT NULL, state TEXT NOT NULL CHECK(state IN "
         "('done', 'infeasible', 'failed')), reason TEXT NOT NULL, " +
         columns + "wall_s REAL NOT NULL) STRICT;";
}

// "seed = 8: accepted: 7, as in the store": the first place where two configurations differ. Plain
// values come first: they are options, and what lies deeper may follow from them (a population from
// the number of evaluations).
std::string difference(const Json& stored, const Json& asked, const std::string& place) {
  if (stored == asked) return "";
  if (stored.is_object() && asked.is_object()) {
    for (const bool plain : {true, false}) {
      for (const auto& item : asked.items()) {
        if (item.value().is_primitive() != plain) continue;
        const Json other = stored.value(item.key(), Json());
        const auto inner = place.empty() ? item.key() : place + "." + item.key();
        std::string text = difference(other, item.value(), inner);
        if (!text.empty()) return text;
      }
    }
  }
  const auto shown = [](const Json& json) {
    const std::string text = json.dump();
    return text.size() > 80 ? text.substr(0, 77) + "..." : text;
  };
  return place + " = " + shown(asked) + ": accepted: " + shown(stored) + ", as in the store";
}

}  // namespace

struct Store::Database : Connection {
  using Connection::Connection;
};

Store::Store(const std::string& folder, const Json& config, const std::string& git, bool resume)
    : folder_(folder) {
  const fs::path path(folder);
  if (fs::exists(path) && !fs::is_directory(path)) {
    reject(folder, "", "", "a folder to write the search to; this is a file");
  }
  require_ours(resume);  // Before anything is written there, and again when it is ours alone.
  std::error_code error;
  fs::create_directories(path, error);
  if (error) reject(folder, "", error.message(), "a folder that can be made");
  lock();
  require_ours(resume);
  const std::string file = (path / kFile).string();
  try {
    const bool fresh = !fs::exists(file);
    if (fresh) create(config, git);
    made_ = fresh;
    database_ = std::make_unique<Database>(file, false);
    if (!fresh) compare(config);
    // A write-ahead log: a row costs no wait for the disk (a candidate takes tens of milliseconds,
    // a rollback journal's four waits as long), a kill of this process loses nothing that was
    // added, and a power cut at worst the last rows. Moved into the file every 16 pages and at the
    // end.
    database_->execute("PRAGMA journal_mode=WAL");
    database_->execute("PRAGMA synchronous=NORMAL");
    database_->execute("PRAGMA wal_autocheckpoint=16");
  } catch (const SqliteError& sqlite) {
    reject(file, "", sqlite.what(), "a search store");
  }
}

// A folder with anything in it is a search's or somebody else's.
void Store::require_ours(bool resume) const {
  const fs::path path(folder_);
  if (!fs::exists(path)) return;
  const bool has_store = fs::exists(path / kFile);
  for (const auto& entry : fs::directory_iterator(path)) {
    const std::string name = entry.path().filename().string();
    if (name == kLock) continue;
    if (!resume) {
      reject(
          folder_, "", "",
          "an absent or empty folder, or --resume to go on with a search; this one holds " + name);
    }
    // Killed while it made the store, a search leaves search.sqlite.part*.
    if (!has_store && name.rfind(kFile, 0) != 0) {
      reject(folder_, "", "", "the folder of a search for --resume; this one holds " + name);
    }
  }
}

Store::~Store() {
  if (lock_ >= 0) close(lock_);
}

void Store::abandon() {
  if (!made_) return;
  database_.reset();
  const fs::path path(folder_);
  std::error_code ignored;
  const std::string file = (path / kFile).string();
  for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(file + suffix, ignored);
  fs::remove(path / kLock, ignored);
  fs::remove(path, ignored);  // Refuses a folder with something in it.
}

// A POSIX record lock: it goes with this process however it ends, and forked workers do not hold
// it, so nothing is left behind by a kill.
void Store::lock() {
  const std::string path = (fs::path(folder_) / kLock).string();
  lock_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (lock_ < 0) reject(path, "", "", "a folder that can be written to");
  struct flock request {};
  request.l_type = F_WRLCK;
  request.l_whence = SEEK_SET;
  if (fcntl(lock_, F_SETLK, &request) != 0) {
    close(lock_);
    lock_ = -1;
    reject(folder_, "", "", "a folder that no other search writes to; one is at work there");
  }
}

// Made beside its place and renamed: where the file is, its configuration is.
void Store::create(const Json& config, const std::string& git) const {
  const fs::path file = fs::path(folder_) / kFile;
  const std::string part = file.string() + ".part";
  fs::remove(part);
  fs::remove(part + "-journal");
  {
    const Connection connection(part, true);
    connection.execute("BEGIN");
    connection.execute(schema());
    Statement insert(connection, "INSERT INTO run VALUES(?, ?, ?)");
    insert.bind(0, std::string(kSchema));
    insert.bind(1, config.dump());
    insert.bind(2, git);
    insert.step();
    connection.execute("COMMIT");
  }
  fs::rename(part, file);
}

void Store::compare(const Json& config) const {
  const std::string file = (fs::path(folder_) / kFile).string();
  Statement select(*database_, "SELECT schema, config FROM run");
  if (!select.step()) reject(file, "run", "", "a row with the configuration, which is missing");
  if (select.text(0) != kSchema) reject(file, "run.schema", select.text(0), kSchema);
  const Json stored = Json::parse(select.text(1), nullptr, false);
  const std::string text = difference(stored, config, "");
  if (!text.empty()) throw InputError(folder_ + ": --resume: " + text);
}

template <typename Read>
auto Store::reading(const Read& read) const {
  try {
    return read();
  } catch (const SqliteError& sqlite) {
    reject((fs::path(folder_) / kFile).string(), "", sqlite.what(),
           "a search store that can be read, with room beside it");
  }
}

std::string Store::git() const {
  return reading([&]() -> std::string {
    Statement select(*database_, "SELECT git FROM run");
    return select.step() ? select.text(0) : "";
  });
}

std::vector<Evaluation> Store::evaluations() const {
  return reading([&] { return read_evaluations(); });
}

std::vector<Evaluation> Store::read_evaluations() const {
  std::string columns;
  for (const char* name : kObjectiveNames) columns += std::string(", ") + name;
  for (const char* name : kDetailNames) columns += std::string(", ") + name;
  Statement select(*database_, "SELECT id, parent, same_as, genome, state, reason, wall_s" +
                                   columns + " FROM evaluations ORDER BY id");
  std::vector<Evaluation> rows;
  while (select.step()) {
    Evaluation row;
    row.number = static_cast<int>(select.integer(0));
    row.parent = static_cast<int>(select.number(1).value_or(kNone));
    row.same_as = static_cast<int>(select.number(2).value_or(kNone));
    row.genome = select.text(3);
    row.outcome.state = state_of(select.text(4));
    row.outcome.reason = select.text(5);
    row.outcome.wall_s = select.number(6).value_or(0);
    int column = 7;
    for (double& objective : row.outcome.objectives) {
      objective = select.number(column++).value_or(0);
    }
    for (const char* name : kDetailNames) {
      const auto value = select.number(column++);
      if (value) row.outcome.details[name] = *value;
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

void Store::add(const Evaluation& evaluation, std::uint64_t seed) {
  try {
    insert(evaluation, seed);
  } catch (const SqliteError& sqlite) {
    throw CheckError((fs::path(folder_) / kFile).string() + ": evaluation " +
                     std::to_string(evaluation.number) + " could not be written: " + sqlite.what() +
                     "; --resume goes on from the one before");
  }
}

void Store::insert(const Evaluation& evaluation, std::uint64_t seed) {
  const Outcome& outcome = evaluation.outcome;
  std::string marks = "?, ?, ?, ?, ?, ?, ?";
  for (std::size_t i = 0; i < kObjectives + kDetailNames.size() + 1; ++i) marks += ", ?";
  Statement statement(*database_, "INSERT INTO evaluations VALUES(" + marks + ")");
  statement.bind(0, std::int64_t{evaluation.number});
  if (evaluation.parent != kNone) statement.bind(1, std::int64_t{evaluation.parent});
  if (evaluation.same_as != kNone) statement.bind(2, std::int64_t{evaluation.same_as});
  statement.bind(3, static_cast<std::int64_t>(seed));
  statement.bind(4, evaluation.genome);
  statement.bind(5, std::string(state_name(outcome.state)));
  statement.bind(6, outcome.reason);
  int parameter = 7;
  const bool done = outcome.state == State::kDone;
  for (const double objective : outcome.objectives) {
    statement.bind(parameter++, done ? std::optional<double>(objective) : std::nullopt);
  }
  for (const char* name : kDetailNames) {
    const auto found = outcome.details.find(name);
    const bool known = done && found != outcome.details.end() && found->is_number();
    statement.bind(parameter++, known ? std::optional<double>(found->get<double>()) : std::nullopt);
  }
  statement.bind(parameter, std::optional<double>(outcome.wall_s));
  statement.step();
}

}  // namespace recpim::search
