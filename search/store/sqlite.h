// SPDX-License-Identifier: Apache-2.0
/// @file
/// The little of SQLite's C interface that the store needs, with errors as exceptions.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

namespace recpim::search {

class SqliteError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class Statement;

class Connection {
 public:
  /// `create`: make the file where it is missing.
  Connection(const std::string& path, bool create);
  void execute(const std::string& sql) const;
  sqlite3* get() const { return database_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* database) const { sqlite3_close(database); }
  };
  std::unique_ptr<sqlite3, Close> database_;
};

/// One prepared statement. Parameters and columns count from 0.
class Statement {
 public:
  Statement(const Connection& connection, const std::string& sql);
  void bind(int parameter, std::int64_t value);
  void bind(int parameter, const std::string& value);
  void bind(int parameter, std::optional<double> value);  ///< NULL where there is none.
  bool step();                                            ///< True: a row is there.
  std::int64_t integer(int column) const;
  std::string text(int column) const;
  std::optional<double> number(int column) const;

 private:
  void check(int code) const;
  struct Finalise {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  sqlite3* database_;
  std::unique_ptr<sqlite3_stmt, Finalise> statement_;
};

}  // namespace recpim::search
