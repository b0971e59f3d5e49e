// SPDX-License-Identifier: Apache-2.0
#include "search/store/sqlite.h"

namespace recpim::search {
namespace {

constexpr int kBusyMs = 10'000;  // A reader may hold the file for a moment.

void check_code(int code, sqlite3* database) {
  if (code != SQLITE_OK) throw SqliteError(sqlite3_errmsg(database));
}

}  // namespace

Connection::Connection(const std::string& path, bool create) {
  sqlite3* database = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | (create ? SQLITE_OPEN_CREATE : 0);
  const int code = sqlite3_open_v2(path.c_str(), &database, flags, nullptr);
  database_.reset(database);  // There even where opening failed.
  check_code(code, database);
  sqlite3_busy_timeout(database, kBusyMs);
}

void Connection::execute(const std::string& sql) const {
  check_code(sqlite3_exec(get(), sql.c_str(), nullptr, nullptr, nullptr), get());
}

Statement::Statement(const Connection& connection, const std::string& sql)
    : database_(connection.get()) {
  sqlite3_stmt* statement = nullptr;
  check(sqlite3_prepare_v2(database_, sql.c_str(), -1, &statement, nullptr));
  statement_.reset(statement);
}

void Statement::check(int code) const { check_code(code, database_); }

void Statement::bind(int parameter, std::int64_t value) {
  check(sqlite3_bind_int64(statement_.get(), parameter + 1, value));
}

void Statement::bind(int parameter, const std::string& value) {
  check(sqlite3_bind_text(statement_.get(), parameter + 1, value.data(),
                          static_cast<int>(value.size()), SQLITE_TRANSIENT));
}

void Statement::bind(int parameter, std::optional<double> value) {
  check(value ? sqlite3_bind_double(statement_.get(), parameter + 1, *value)
              : sqlite3_bind_null(statement_.get(), parameter + 1));
}

bool Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code != SQLITE_ROW && code != SQLITE_DONE) throw SqliteError(sqlite3_errmsg(database_));
  return code == SQLITE_ROW;
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string Statement::text(int column) const {
  const auto* text = sqlite3_column_text(statement_.get(), column);
  return text == nullptr ? "" : reinterpret_cast<const char*>(text);
}

std::optional<double> Statement::number(int column) const {
  if (sqlite3_column_type(statement_.get(), column) == SQLITE_NULL) return std::nullopt;
  return sqlite3_column_double(statement_.get(), column);
}

}  // namespace recpim::search
